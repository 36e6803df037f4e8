// Tests of the places of rows that leave a list.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { placeOfRow, shownAt, sortedHeld } from './held_rows.ts'

const held = sortedHeld([
  { at: 3, key: 'c', row: 'C' },
  { at: 0, key: 'a', row: 'A' },
  { at: 3, key: 'd', row: 'D' },
])

test('rows that leave keep their places, and the rows of the list stand around them', () => {
  const shown = [0, 1, 2, 3, 4, 5].map((place) => {
    const found = shownAt(place, held)
    return typeof found === 'number' ? found : found.row
  })
  assert.deepEqual(shown, ['A', 0, 1, 'C', 'D', 2])
})

test('every row of the list is found at the place where it is shown', () => {
  for (const index of [0, 1, 2, 7]) assert.equal(shownAt(placeOfRow(index, held), held), index)
})
