// Tests of rows that are read again while the order of their list is kept.
import assert from 'node:assert/strict'
import test from 'node:test'

import { withFreshRows } from './fresh_rows.ts'

const keyOf = ({ name }: { name: string }) => name
const shown = new Map([
  [
    0,
    [
      { name: 'a', n: 1 },
      { name: 'b', n: 1 },
    ],
  ],
  [1, [{ name: 'c', n: 1 }]],
])

test('rows change where they are', () => {
  const fresh = [
    [
      { name: 'a', n: 2 },
      { name: 'b', n: 1 },
    ],
  ]
  const { pages, moved } = withFreshRows(shown, 0, fresh, keyOf)
  assert.equal(moved, 0)
  assert.deepEqual(
    pages.get(0)?.map(({ n }) => n),
    [2, 1],
  )
  assert.deepEqual(pages.get(1), [{ name: 'c', n: 1 }])
})

test('rows that would move are counted and stay', () => {
  const fresh = [
    [
      { name: 'c', n: 3 },
      { name: 'a', n: 2 },
    ],
  ]
  const { pages, moved } = withFreshRows(shown, 0, fresh, keyOf)
  assert.equal(moved, 2)
  assert.deepEqual(
    pages.get(0)?.map(({ name, n }) => [name, n]),
    [
      ['a', 2],
      ['b', 1],
    ],
  )
  assert.deepEqual(pages.get(1), [{ name: 'c', n: 3 }])
})

test('rows that came or went are counted', () => {
  assert.equal(withFreshRows(shown, 1, [[]], keyOf).moved, 1)
  assert.equal(
    withFreshRows(
      shown,
      1,
      [
        [
          { name: 'c', n: 1 },
          { name: 'd', n: 1 },
        ],
      ],
      keyOf,
    ).moved,
    1,
  )
})
