// Tests of activity.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { activityInWords, barsOf, readActivity } from './activity.ts'

test('an answer is read by the names of its series, and gaps stay gaps', () => {
  const found = readActivity({ kept: true, series: [{ name: 'changes', values: [null, 0, 3] }] })
  assert.deepEqual(found.series.get('changes'), [undefined, 0, 3])
  assert.equal(found.kept, true)
  assert.equal(readActivity({ kept: false }).kept, false)
  assert.equal(readActivity(undefined).series.size, 0)
})

test('sums are told, and of incidents the greatest number at a time', () => {
  assert.equal(activityInWords('changes', [undefined, 1, 2]), '3 state changes in the last 24 hours')
  assert.equal(activityInWords('incidents', [4, 7, 1]), 'at most 7 incidents at a time in the last 24 hours')
  assert.equal(activityInWords('failed', [1]), '1 failed in the last 24 hours')
  assert.equal(activityInWords('failed', [undefined]), 'nothing was counted in the last 24 hours')
})

test('the greatest value fills the chart, small ones are seen, and what was not counted has no bar', () => {
  assert.deepEqual(barsOf([undefined, 0, 1, 100], 20), [
    { x: 1, height: 0.5 },
    { x: 2, height: 1.5 },
    { x: 3, height: 20 },
  ])
  assert.deepEqual(barsOf([], 20), [])
})
