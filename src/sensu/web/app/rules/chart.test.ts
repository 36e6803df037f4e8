// Tests of chart.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { areaPath, linePath, momentsOf, nearestTo, placeOf, runsOf, scaleOf, shortValue, valuesAt } from './chart.ts'

const points = (...values: [at: number, value: number, least?: number, greatest?: number][]) =>
  values.map(([at, value, least = value, greatest = value]) => ({ at, value, least, greatest }))
const series = (...values: [number, number, number?, number?][]) => [{ name: 'x', points: points(...values) }]
const PLOT = { span: { from: 0, to: 100 }, bottom: 0, top: 10, width: 200, height: 50 }

test('a scale begins at zero and has round values', () => {
  assert.deepEqual(scaleOf(series([0, 0.31], [1, 0.87])).ticks, [0, 0.5, 1])
  assert.deepEqual(scaleOf(series([0, 3], [1, 7.2])), { bottom: 0, top: 8, ticks: [0, 2, 4, 6, 8] })
  assert.deepEqual(scaleOf(series([0, -3], [1, 4])).ticks, [-4, -2, 0, 2, 4])
})

test('values that hardly differ are not drawn from zero', () => {
  const { bottom, top } = scaleOf(series([0, 97.1], [1, 97.3]))
  assert.ok(bottom > 97 && top < 97.5, `${bottom} to ${top}`)
})

test('a scale exists without values, for one value, and for the range of the least and greatest', () => {
  assert.deepEqual(scaleOf([]), { bottom: 0, top: 1, ticks: [0, 1] })
  for (const value of [0, 5, -5, 1e300, 1e-300]) {
    const { bottom, top } = scaleOf(series([0, value]))
    assert.ok(bottom <= value && value <= top && bottom < top, `${value}: ${bottom} to ${top}`)
  }
  assert.ok(scaleOf(series([0, 5, 1, 90])).top >= 90)
})

test('the end of the period is at the right, the greatest value above', () => {
  assert.deepEqual(placeOf(0, 0, PLOT), [0, 50])
  assert.deepEqual(placeOf(100, 10, PLOT), [200, 0])
})

test('a line is broken where results are missing, and a lone result is a dot', () => {
  const found = points([0, 1], [10, 2], [20, 3], [90, 4])
  assert.deepEqual(
    runsOf(found).map((run) => run.map(({ at }) => at)),
    [[0, 10, 20], [90]],
  )
  assert.equal(linePath(found, PLOT), 'M0 45L20 40L40 35M180 30h0')
  assert.equal(linePath([], PLOT), '')
})

test('least and greatest values are an area, unless they are all the same', () => {
  assert.equal(areaPath(points([0, 1], [10, 2]), PLOT), '')
  assert.equal(areaPath(points([0, 5, 4, 6], [10, 5, 4, 6]), PLOT), 'M0 20L20 20L20 30L0 30Z')
})

test('the values at the moment nearest to the pointer are found in each series', () => {
  const all = [...series([0, 1], [10, 2]), ...series([10, 7])]
  assert.deepEqual(momentsOf(all), [0, 10])
  assert.equal(nearestTo(6, momentsOf(all)), 10)
  assert.equal(nearestTo(6, []), undefined)
  assert.deepEqual(
    valuesAt(all, 0).map((point) => point?.value),
    [1, undefined],
  )
})

test('values have few characters', () => {
  assert.deepEqual([0.04251, 97.312, 0, 3_400_000].map(shortValue), ['0.04251', '97.31', '0', '3.4M'])
})
