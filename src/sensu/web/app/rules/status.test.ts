// Tests of status.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { historyInWords, incidentsIn, markInWords, readStatus, statusOf, statusesOfHistory, worstOf } from './status.ts'

test('exit statuses above 2 and below 0 are unknown', () => {
  assert.deepEqual([0, 1, 2, 3, 127, -1].map(statusOf), [
    'passing',
    'warning',
    'critical',
    'unknown',
    'unknown',
    'unknown',
  ])
})

test('the worst counted status is critical before warning before unknown', () => {
  assert.equal(worstOf({ critical: 0, warning: 2, unknown: 9, passing: 5 }), 'warning')
  assert.equal(worstOf({}), 'none')
  assert.equal(incidentsIn({ critical: 1, warning: 2, unknown: 3, passing: 100 }), 6)
})

test("the digits of a row's history are statuses, the newest last", () => {
  assert.deepEqual(statusesOfHistory('0123'), ['passing', 'warning', 'critical', 'unknown'])
})

test('a strip is a sentence for those who do not see it', () => {
  assert.equal(historyInWords('0002'), '3 of the last 4 results are passing; the newest is critical')
  assert.equal(historyInWords('000'), 'the last 3 results are passing')
  assert.equal(historyInWords(''), 'no results yet')
})

test('a mark names everything that it shows', () => {
  assert.equal(markInWords('critical', true, true), 'critical, silenced, flapping')
  assert.equal(markInWords('none', false, false), 'no result yet')
})

test('a status from a URL is one that exists, or none', () => {
  assert.equal(readStatus('warning'), 'warning')
  assert.equal(readStatus('__proto__'), undefined)
})
