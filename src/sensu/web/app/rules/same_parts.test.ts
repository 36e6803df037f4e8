// Tests of same_parts.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sameParts } from './same_parts.ts'

test('an equal answer is the one that is known', () => {
  const before = { checks: [{ name: 'http', status: 2 }], count: 1, none: undefined }
  assert.equal(sameParts(before, structuredClone(before)), before)
})

test('parts that are equal are kept, parts that changed are new', () => {
  const before = { rows: [{ name: 'http' }, { name: 'disk' }], total: 2 }
  const now = { rows: [{ name: 'http' }, { name: 'load' }, { name: 'disk' }], total: 3 }
  const made = sameParts(before, now)
  assert.deepEqual(made, now)
  assert.equal(made.rows[0], before.rows[0])
  assert.notEqual(made.rows[1], before.rows[1])
})

test('what has fewer or other names is not the same', () => {
  for (const [before, now] of [
    [{ a: 1, b: undefined }, { a: 1 }],
    [{ a: undefined }, { b: undefined }],
    [[1, 2], [1]],
    [{ 0: 'a' }, ['a']],
    [null, {}],
    [0, '0'],
  ])
    assert.deepEqual(sameParts(before, now), now)
})

test('names of the language are names like others', () => {
  const hostile: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')
  const made = sameParts({ constructor: 1 }, hostile)
  assert.deepEqual(JSON.stringify(made), JSON.stringify(hostile))
})

test('maps and other objects are taken as they are', () => {
  const now = new Map([['a', 1]])
  assert.equal(sameParts(new Map([['a', 1]]), now), now)
})
