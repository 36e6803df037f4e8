// Tests of history_series.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { afterChoosing, chosenOf, MOST_SERIES, readDurations, readMetrics } from './history_series.ts'

test('buckets of results are points with the mean, least and greatest duration', () => {
  const found = readDurations({
    complete: true,
    buckets: [{ at: 60, critical: 1, passing: 2, duration: [0.1, 0.2, 0.6] }],
  })
  assert.deepEqual(found.series.points, [{ at: 60, value: 0.2, least: 0.1, greatest: 0.6 }])
  assert.equal(found.results, 3)
  assert.equal(found.cut, false)
})

test('results without a duration are not called fast', () => {
  const found = readDurations({ buckets: [{ at: 60, passing: 1, duration: [0, 0, 0] }] })
  assert.deepEqual([found.series.points, found.results], [[], 1])
  assert.deepEqual(readDurations(undefined).series.points, [])
})

test('a series is called by its metric and its tags', () => {
  const { series, format, cut } = readMetrics({
    format: 'influxdb_line',
    complete: false,
    series: [
      { name: 'disk', tags: { device: 'sda1', fs: 'ext4' }, points: [[60, 1, 0.5, 2]] },
      { name: 'load', points: [] },
    ],
  })
  assert.deepEqual([format, cut], ['influxdb_line', true])
  assert.deepEqual(
    series.map(({ name }) => name),
    ['disk{device=sda1, fs=ext4}', 'load'],
  )
  assert.deepEqual(series[0]?.points, [{ at: 60, value: 1, least: 0.5, greatest: 2 }])
})

test('the first metric is drawn with all its tags until somebody chooses', () => {
  const all = ['a{x=1}', 'a{x=2}', 'ab', 'b'].map((name) => ({ name, points: [] }))
  const names = (chosen: string[]) => chosenOf(all, chosen).map(({ name }) => name)
  assert.deepEqual(names([]), ['a{x=1}', 'a{x=2}'])
  assert.deepEqual(names(['b', 'ab']), ['ab', 'b'])
  assert.deepEqual(names(['gone']), ['a{x=1}', 'a{x=2}'])
  assert.deepEqual(chosenOf([], []), [])
})

test('no more series are drawn than can be told apart', () => {
  const all = Array.from({ length: 20 }, (_, index) => ({ name: `a{x=${index}}`, points: [] }))
  assert.equal(chosenOf(all, []).length, MOST_SERIES)
  assert.equal(
    chosenOf(
      all,
      all.map(({ name }) => name),
    ).length,
    MOST_SERIES,
  )
})

test('choosing a series shows it, and choosing it again hides it', () => {
  const shown = [{ name: 'a', points: [] }]
  assert.deepEqual(afterChoosing(shown, 'b'), ['a', 'b'])
  assert.deepEqual(afterChoosing(shown, 'a'), [])
})
