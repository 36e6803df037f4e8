// Tests of audit_entries.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { auditQuery, changesOf, readAudit } from './audit_entries.ts'

const NOTHING = { username: '', action: '', type: '', name: '', sinceS: 0 }

test('a question becomes selectors, which no value can break out of', () => {
  assert.equal(auditQuery(NOTHING).toString(), '')
  const query = auditQuery({ ...NOTHING, username: "ann' || '", action: 'login refused', name: 'http', sinceS: 12.7 })
  assert.deepEqual(query.getAll('fieldSelector'), [
    "audit.username == 'ann'",
    "audit.action == 'login refused'",
    "audit.name matches 'http'",
  ])
  assert.equal(query.get('from'), '12')
})

test('a change is what differs, and a new thing is all on one side', () => {
  const [changed, created, login] = readAudit([
    { before: { spec: { interval: 60, command: 'a' } }, after: { spec: { interval: 30, command: 'a' } } },
    { after: { command: 'a' } },
    { action: 'login' },
  ])
  assert.ok(changed && created && login)
  assert.deepEqual(changesOf(changed), [{ path: 'spec.interval', before: 60, after: 30 }])
  assert.deepEqual(changesOf(created), [{ path: 'command', before: undefined, after: 'a' }])
  assert.deepEqual(changesOf(login), [])
})
