// Tests of periods.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LONGEST_S, PERIODS, asParameters, between, periodOf, problemOf, spanOf } from './periods.ts'

const NOW_S = 1_790_000_000.5

test('a URL names a period that ends now, or one between two moments', () => {
  assert.equal(periodOf('24h', '').seconds, 86_400)
  assert.deepEqual(spanOf(periodOf('1h', ''), NOW_S), { from: 1_789_996_400, to: 1_790_000_000 })
  assert.deepEqual(spanOf(periodOf('1789990000', '1789990600'), NOW_S), { from: 1_789_990_000, to: 1_789_990_600 })
})

test('a URL that names no period shows a week', () => {
  const broken = [
    ['', ''],
    ['2h', ''],
    ['20', '10'],
    ['0', String(LONGEST_S + 1)],
    ['-5', '10'],
    ['1e3', '1e4'],
    ['10', ''],
  ]
  for (const [from = '', to = ''] of broken) assert.equal(periodOf(from, to).id, '7d')
})

test('every period is found again by what it writes into a URL', () => {
  for (const period of [...PERIODS, between(1_789_990_000, 1_789_990_600)]) {
    const { from, to } = asParameters(period)
    assert.deepEqual(periodOf(from, to), period)
  }
})

test('what is wrong with two moments is said', () => {
  assert.match(problemOf(undefined, 5), /both ends/)
  assert.match(problemOf(5, 5), /later/)
  assert.match(problemOf(0, LONGEST_S + 1), /90 days/)
  assert.equal(problemOf(0, LONGEST_S), '')
})
