// Tests of what is said about requests on many events, and of what they ask.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bulkInWords, matchingNow, movedInWords, readBulkAnswer, whereOf } from './bulk.ts'
import { viewOfQuery } from './view_of_url.ts'

const lines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n') + '\n'

test('one event that was silenced is named, with the time', () => {
  const answer = readBulkAnswer(
    lines({ entity: 'web1', check: 'http', outcome: 'done', why: '' }, { summary: { total: 1, done: 1 } }),
  )
  assert.equal(bulkInWords('silence', answer, 'for 1 h'), 'web1/http is silent for 1 h.')
})

test('what was not done is said with its reasons', () => {
  const answer = readBulkAnswer(
    lines(
      { entity: 'web1', check: 'http', outcome: 'done' },
      { entity: 'web2', check: 'http', outcome: 'done' },
      { entity: 'web3', check: 'http', outcome: 'refused', why: 'needs update on events' },
      { summary: { total: 3, done: 2 } },
    ),
  )
  assert.equal(
    bulkInWords('resolve', answer),
    '2 events are resolved; web3/http was not changed: needs update on events.',
  )
})

test('resources of any kind are named and counted', () => {
  const one = readBulkAnswer(lines({ check: 'http', outcome: 'done' }, { summary: { total: 1, done: 1 } }))
  assert.equal(bulkInWords('unpublish', one, '', ['check', 'checks']), 'http is no longer published.')
  const two = readBulkAnswer(
    lines({ entity: 'web1', outcome: 'gone', why: 'not found' }, { entity: 'web2', outcome: 'gone', why: 'not found' }),
  )
  assert.equal(bulkInWords('delete', two, '', ['entity', 'entities']), '2 entities were not changed: not found.')
})

test('an answer that is no list of lines changes nothing', () => {
  assert.equal(readBulkAnswer('<html>').done, 0)
  assert.deepEqual(readBulkAnswer(undefined).doneItems, [])
})

test('all that match are those that the list shows', () => {
  assert.deepEqual(whereOf(viewOfQuery('?q=web')), {
    status: ['critical', 'warning', 'unknown'],
    silenced: false,
    word: 'web',
    fieldSelector: [],
    labelSelector: [],
  })
})

test('a number that moved is named with the one that was seen', () => {
  assert.equal(matchingNow('where matches 415 items, 412 were expected'), 415)
  assert.equal(matchingNow('limit must be between 1 and 500'), undefined)
  assert.equal(movedInWords('delete', 415, 412), '415 events match now, not 412. Look again before you delete them.')
  assert.equal(movedInWords('execute', 1, 2), '1 event matches now, not 2. Look again before you run it.')
})
