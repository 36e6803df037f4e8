// Tests of words.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { asSentence, bytesInWords, counted, listed, nearest, percent, shortNumber } from './words.ts'

test("a count has the noun's right form", () => {
  assert.equal(counted(1, 'event'), '1 event')
  assert.equal(counted(0, 'event'), '0 events')
  assert.equal(counted(2, 'entity', 'entities'), '2 entities')
  assert.match(counted(99_945, 'event'), /^99.?945 events$/)
})

test('badges stay short and never round up to more than there is', () => {
  assert.deepEqual([0, 999, 1234, 99_945, 999_499, 1_560_000].map(shortNumber), [
    '0',
    '999',
    '1.2k',
    '99k',
    '999k',
    '1.5M',
  ])
})

test('long lists are cut and say how much they leave out', () => {
  assert.equal(listed(['ann']), 'ann')
  assert.equal(listed(['ann', 'bob', 'eve']), 'ann, bob and eve')
  assert.equal(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g']), 'a, b, c, d and 3 more')
})

test('99,999 of 100,000 is not 100 %, and 1 is not 0 %', () => {
  assert.equal(percent(99_999, 100_000), '99.9 %')
  assert.equal(percent(1, 100_000), '0.1 %')
  assert.equal(percent(5, 5), '100 %')
  assert.equal(percent(0, 0), '–')
})

test('a reason becomes a sentence', () => {
  assert.equal(asSentence('the backend cannot be reached'), 'The backend cannot be reached.')
  assert.equal(asSentence('Is it on?'), 'Is it on?')
  assert.equal(asSentence(' '), '')
})

test('bytes have the unit that keeps the number short', () => {
  assert.equal(bytesInWords(512), '512 B')
  assert.equal(bytesInWords(1.5 * 1024 * 1024), '1.5 MiB')
})

test('the nearest names of a misspelled one come first, strangers not at all', () => {
  assert.deepEqual(nearest('defualt', ['production', 'default', 'defaults']), ['default'])
})
