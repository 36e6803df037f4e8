// Tests of incidents.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { incidentsOf, oftenInWords } from './incidents.ts'

const BANDS = [
  { from: 0, to: 80, status: 0 },
  { from: 80, to: 85, status: 1 },
  { from: 85, to: 90, status: 2 },
  { from: 90, to: 95, status: 0 },
  { from: 95, to: 100, status: 2 },
]

test('an incident lasts until the recovery, whatever its severity does meanwhile', () => {
  assert.deepEqual(incidentsOf(BANDS), [
    { from: 80, to: 90, status: 2 },
    { from: 95, to: 100, status: 2 },
  ])
})

test('how often is said in words', () => {
  assert.equal(oftenInWords(BANDS, 'the last 7 days'), '2 incidents in the last 7 days; passing 85 % of the time')
  assert.equal(oftenInWords([{ from: 9, to: 9, status: 2 }], 'the last hour'), '1 incident in the last hour')
  assert.equal(oftenInWords([], 'the last 24 hours'), 'no results in the last 24 hours')
})
