// Tests of role_rules.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bindingsOf, bindingsTo, namesIn, roleOf, ruleInWords, ruleProblem, rolesOf } from './role_rules.ts'

const ROLES = rolesOf([
  { metadata: { name: 'edit' }, rules: [{ verbs: ['*'], resources: ['checks'], resource_names: null }] },
  {
    metadata: { name: 'edit', namespace: 'ops' },
    rules: [{ verbs: ['get'], resources: ['*'], resource_names: ['a'] }],
  },
])
const BINDINGS = bindingsOf([
  {
    metadata: { name: 'one' },
    subjects: [{ type: 'User', name: 'ann' }],
    role_ref: { type: 'ClusterRole', name: 'edit' },
  },
  { metadata: { name: 'two', namespace: 'ops' }, subjects: null, role_ref: { type: 'Role', name: 'edit' } },
  { metadata: { name: 'three', namespace: 'dev' }, subjects: [], role_ref: { type: 'Role', name: 'edit' } },
])

test('a binding names the cluster role, or the role of its own namespace', () => {
  assert.deepEqual(
    BINDINGS.map((binding) => roleOf(binding, ROLES)?.namespace),
    ['', 'ops', undefined],
  )
  assert.deepEqual(
    ROLES.map((role) => bindingsTo(role, BINDINGS).map(({ name }) => name)),
    [['one'], ['two']],
  )
})

test('rules are sentences, and those that do nothing are told', () => {
  assert.deepEqual(
    ROLES.map(({ rules: [rule] }) => rule && ruleInWords(rule)),
    ['everything on checks', 'get on every resource named a'],
  )
  assert.equal(ruleProblem({ verbs: [], resources: ['checks'], names: [] }), 'Choose at least one verb.')
  assert.equal(ruleProblem({ verbs: ['get'], resources: [], names: [] }), 'Choose at least one resource.')
  assert.equal(ruleProblem({ verbs: ['get'], resources: ['checks'], names: [] }), '')
})

test('answers of any shape become roles and bindings without meaning', () => {
  assert.deepEqual(rolesOf(null), [])
  assert.deepEqual(bindingsOf([null]), [{ name: '', namespace: '', subjects: [], roleType: 'ClusterRole', role: '' }])
})

test('names are separated by commas or blanks, each once', () => {
  assert.deepEqual(namesIn(' a, b\nc a,'), ['a', 'b', 'c'])
})
