// Tests of which pages of a list are read and kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pagesToForget, wantedPages } from './row_pages.ts'

test('pages that are seen are read first, then two more in the direction of the view', () => {
  assert.deepEqual(wantedPages({ first: 0, end: 30, direction: 'down' }, 100_000), [0, 1, 2])
  assert.deepEqual(wantedPages({ first: 190, end: 220, direction: 'up' }, 100_000), [1, 2, 0])
  assert.deepEqual(wantedPages({ first: 99_980, end: 100_000, direction: 'down' }, 100_000), [999])
  assert.deepEqual(wantedPages({ first: 0, end: 0, direction: 'down' }, 0), [0])
})

test('at most sixty pages are kept, and those seen longest ago go first', () => {
  const seen = Array.from({ length: 63 }, (_, page) => page)
  assert.deepEqual(pagesToForget(seen, [0, 62]), [1, 2, 3])
})
