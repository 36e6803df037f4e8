// Tests of rights.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { allows, missingRight } from './rights.ts'

const RULES = [
  { verbs: ['get', 'list'], resources: ['*'], names: [] },
  { verbs: ['delete'], resources: ['events'], names: ['web1:http'] },
]

test('a rule allows its verbs on its resources', () => {
  assert.ok(allows(RULES, 'list', 'events'))
  assert.ok(!allows(RULES, 'create', 'checks'))
  assert.ok(!allows([], 'get', 'events'))
})

test('a rule with names allows those, and the button in general', () => {
  assert.ok(allows(RULES, 'delete', 'events'))
  assert.ok(allows(RULES, 'delete', 'events', 'web1:http'))
  assert.ok(!allows(RULES, 'delete', 'events', 'web2:http'))
})

test('a button that is off says which right it needs', () => {
  assert.equal(missingRight('delete', 'events'), 'needs delete on events')
})
