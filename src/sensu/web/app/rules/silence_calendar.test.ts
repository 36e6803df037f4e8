// Silences in a calendar: windows, bars, ticks, dragged ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DAY_S, barOf, draggedEnd, percentOf, spanOf, ticksOf, windowOf } from './silence_calendar.ts'

const NOON = 1_700_049_600
const day = windowOf(spanOf('day'), 0, NOON)
const times = (begin: number, expireAt: number) => ({ begin, expireAt, expireOnResolve: false })

test('a third of the window is past, unless it begins at a chosen time', () => {
  assert.deepEqual(day, { from: NOON - DAY_S / 3, to: NOON + (2 * DAY_S) / 3 })
  assert.deepEqual(windowOf(spanOf('week'), 500, NOON), { from: 500, to: 500 + 7 * DAY_S })
  assert.equal(spanOf('month').id, 'day')
})

test('bars are cut at the window, and what does not touch it has none', () => {
  assert.equal(barOf(times(day.from - 10, day.from), day), undefined)
  assert.equal(barOf(times(day.to, 0), day), undefined)
  assert.deepEqual(barOf(times(day.from - 10, day.from + DAY_S / 4), day), {
    left: 0, width: 25, begun: false, open: false, clipped: false,
  }) // prettier-ignore
  const open = barOf(times(NOON, 0), day)
  assert.equal(open?.open && open.clipped && open.begun, true)
  assert.equal(Math.round((open?.left ?? 0) + (open?.width ?? 0)), 100)
})

test('a silence of a second can still be seen', () => {
  assert.ok((barOf(times(NOON, NOON + 1), day)?.width ?? 0) >= 0.4)
})

test('lines stand at full hours of the reader, and midnight shows the day', () => {
  const ticks = ticksOf(spanOf('day'), day, 0, { utc: true })
  assert.equal(ticks.length, 8)
  assert.ok(ticks.every(({ at }) => at % (3 * 3600) === 0))
  assert.equal(ticks.filter(({ words }) => !/^\d\d:\d\d$/.test(words)).length, 1)
  const shifted = ticksOf(spanOf('day'), day, 1800, { utc: true })
  assert.ok(shifted.every(({ at }) => (at + 1800) % (3 * 3600) === 0))
})

test('a dragged end is in full five minutes, and never in the past', () => {
  const silence = times(NOON - 100, NOON + 600)
  assert.equal(draggedEnd(percentOf(NOON + 3700, day), day, silence, NOON), NOON + 3600)
  assert.equal(draggedEnd(0, day, silence, NOON), NOON + 300)
  assert.equal(draggedEnd(0, day, times(NOON + 3600, 0), NOON), NOON + 3900)
})
