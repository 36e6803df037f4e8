// Deliveries in words: handlers, errors, the next attempt.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  attemptsOf,
  errorOf,
  eventOf,
  handlersOf,
  isGivenUp,
  nextOf,
  readDelivery,
  readDeliveryGroup,
  readDeliveryRow,
  typedFor,
} from './deliveries.ts'

test('a row of nothing is harmless', () => {
  const row = readDeliveryRow(null)
  assert.deepEqual(
    [row.name, row.state, handlersOf(row), errorOf(row)],
    ['0', 'owed', 'no known handler', 'not tried yet'],
  )
  assert.equal(eventOf(row), 'an event that cannot be read')
})

test('a group says to whom and why', () => {
  const group = readDeliveryGroup({ state: 'dead', handlers: ['pager', 'mail'], error: 'refused', number: 212 })
  assert.deepEqual(
    [handlersOf(group), errorOf(group), group.number, group.state],
    ['pager and mail', 'refused', 212, 'dead'],
  )
})

test('what happens next is said in words', () => {
  assert.equal(nextOf({ state: 'owed', dueAt: 105 }, 100), 'in 5 s')
  assert.equal(nextOf({ state: 'owed', dueAt: 99 }, 100), 'soon')
  assert.equal(nextOf({ state: 'dead', dueAt: 0 }, 100), 'given up')
  assert.deepEqual([attemptsOf(0), attemptsOf(1), attemptsOf(3)], ['none yet', '1 attempt', '3 attempts'])
})

test('a delivery has its workflows and its event', () => {
  const found = readDelivery({
    id: 64,
    workflows: [{ workflow: 'a/b', handler: 'pager', why: 'refused' }],
    event: { id: 'x' },
  })
  assert.deepEqual(found.workflows, [{ workflow: 'a/b', handler: 'pager', attempts: 0, dueAt: 0, error: 'refused' }])
  assert.deepEqual(found.workflows.map(isGivenUp), [true])
  assert.deepEqual([found.name, found.event], ['64', { id: 'x' }])
})

test('many are discarded only after their number was typed', () => {
  assert.deepEqual([typedFor(20), typedFor(21)], ['', '21'])
})
