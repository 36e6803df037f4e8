// Tests of rows of entities.
import assert from 'node:assert/strict'
import test from 'node:test'

import { checksInWords, connectionOf, readEntityRow } from './entity_rows.ts'

test('a row is read, without the subscription that each entity has', () => {
  const row = readEntityRow({
    name: 'web1',
    class: 'agent',
    worst: 'warning',
    failing: 1,
    checks: 4,
    connected: true,
    last_seen: 7,
    platform: 'debian',
    platform_version: '12',
    subscriptions: ['linux', 'entity:web1', 5],
  })
  assert.equal(row.platform, 'debian 12')
  assert.deepEqual(row.subscriptions, ['linux'])
  assert.equal(row.worst, 'warning')
  assert.equal(readEntityRow(null).worst, 'none')
})

test('only agents can be away', () => {
  const of = (entityClass: string, connected: boolean, lastSeen: number) =>
    connectionOf({ entityClass, connected, lastSeen })
  assert.equal(of('agent', true, 5), 'connected')
  assert.equal(of('agent', false, 5), 'away')
  assert.equal(of('agent', false, 0), 'never connected')
  assert.equal(of('proxy', false, 5), 'no agent')
})

test('checks are counted in words', () => {
  assert.equal(checksInWords({ checks: 4, failing: 1 }), '1 of 4 failing')
  assert.equal(checksInWords({ checks: 4, failing: 0 }), '4 passing')
  assert.equal(checksInWords({ checks: 0, failing: 0 }), 'none')
})
