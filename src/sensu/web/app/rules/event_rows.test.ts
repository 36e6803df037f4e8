// Tests of rows of events from outside, and of how their changes are announced.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { changesInWords, countsInWords } from './event_changes.ts'
import { eventKey, movesInOrder, readEventRow } from './event_rows.ts'

const row = (changes: object = {}) => readEventRow({ entity: 'web1', check: 'http', status: 2, since: 100, ...changes })

test('a row that makes no sense is a harmless one', () => {
  const odd = readEventRow({ entity: 7, status: '2', handled: 'toString', columns: { a: 1 }, silenced: 'x' })
  assert.deepEqual(
    [odd.entity, odd.status, odd.handled, odd.columns['a'], odd.silenced],
    ['', 'unknown', 'unknown', '', []],
  )
})

test('names with slashes and quotes do not collide', () => {
  assert.notEqual(eventKey({ entity: 'a/b', check: 'c' }), eventKey({ entity: 'a', check: 'b/c' }))
})

test('a repeated result moves no row, a change of state does, but not in a list by name', () => {
  assert.equal(movesInOrder('severity', row(), row({ occurrences: 5 })), false)
  assert.equal(movesInOrder('severity', row(), row({ status: 1, since: 160 })), true)
  assert.equal(movesInOrder('name', row(), row({ status: 1, since: 160 })), false)
})

test('changes are announced as a sentence, without silenced and old ones', () => {
  const changed = [
    row({ since: 95 }),
    row({ status: 1, since: 99 }),
    row({ status: 0, since: 99 }),
    row({ silenced: ['x'] }),
    row({ since: 10 }),
  ]
  assert.equal(changesInWords(changed, 100), '2 new incidents, the worst critical; 1 recovered')
  assert.equal(changesInWords([row({ since: 10 })], 100), '')
})

test('too many changes are announced by what the namespace has now', () => {
  const none = { critical: 0, warning: 0, unknown: 0, passing: 5, silenced: 0 }
  assert.equal(
    countsInWords({ ...none, warning: 5001, unknown: 1 }),
    'Many events changed: 5,002 incidents, the worst warning',
  )
  assert.equal(countsInWords(none), 'Many events changed: no incidents')
})
