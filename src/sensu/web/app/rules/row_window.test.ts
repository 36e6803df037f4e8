// Tests of row_window.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HIGHEST_ELEMENT, rowWindow, scrollTopToShow } from './row_window.ts'

const LIST = { total: 100_000, rowHeight: 36, viewHeight: 720, scrollTop: 0 }

test('the top of a long list draws what is seen and a little more', () => {
  assert.deepEqual(rowWindow(LIST), {
    first: 0,
    end: 27,
    offset: 0,
    height: 3_600_000,
  })
})

test('the middle of the scrollbar shows the middle of the list', () => {
  const scrollTop = (3_600_000 - 720) / 2
  const { first, end } = rowWindow({ ...LIST, scrollTop })
  assert.ok(first < 50_000 && end > 50_000)
})

test('the end shows the last row', () => {
  assert.equal(rowWindow({ ...LIST, scrollTop: 3_600_000 - 720 }).end, 100_000)
})

test('rows line up with the scroll position', () => {
  const { first, offset } = rowWindow({ ...LIST, scrollTop: 1000 })
  assert.equal(offset, first * 36)
})

test('a million rows stay below the height that browsers draw, and both ends can be reached', () => {
  const huge = { ...LIST, total: 1_000_000 }
  assert.equal(rowWindow(huge).height, HIGHEST_ELEMENT)
  assert.equal(rowWindow({ ...huge, scrollTop: HIGHEST_ELEMENT - 720 }).end, 1_000_000)
  const scrollTop = scrollTopToShow(700_000, huge)
  const { first, end } = rowWindow({ ...huge, scrollTop })
  assert.ok(first <= 700_000 && 700_000 < end)
})

test('rows of a scaled list stand under the view', () => {
  const huge = { ...LIST, total: 1_000_000, scrollTop: 4_000_000 }
  const { first, offset } = rowWindow(huge)
  const seenTop = offset + (500_000 - first) * 36 - huge.scrollTop
  assert.ok(Math.abs(seenTop) < 36 * 60, `row 500,000 is near the view (${seenTop})`)
})

test('showing a row that is in view does not scroll', () => {
  assert.equal(scrollTopToShow(5, LIST), 0)
  assert.equal(scrollTopToShow(20, LIST), 36)
  assert.equal(scrollTopToShow(3, { ...LIST, scrollTop: 3600 }), 108)
})

test('a bar that covers the bottom is taken into account', () => {
  assert.equal(scrollTopToShow(19, LIST, 60), 60)
})

test('an empty list and one shorter than the view draw what they have', () => {
  assert.deepEqual(rowWindow({ ...LIST, total: 0 }), {
    first: 0,
    end: 0,
    offset: 0,
    height: 0,
  })
  assert.deepEqual(rowWindow({ ...LIST, total: 3, scrollTop: 500 }), {
    first: 0,
    end: 3,
    offset: 500,
    height: 108,
  })
})
