// Tests of the ribbon of an entity: rows, moments, and what happened in words.
import assert from 'node:assert/strict'
import test from 'node:test'

import { changesOf, countsAt, happenings, momentOf, readRibbon, shareOf, statusAt, ticksBetween } from './ribbon.ts'

const ANSWER = {
  bands: [
    { check: 'http', from: 100, to: 200, status: 0 },
    { check: 'http', from: 200, to: 0, status: 2 },
    { check: 'disk', from: 50, to: 0, status: 0 },
    { check: 'load', from: 50, to: 90, status: 1 },
    { check: 'load', from: 90, to: 0, status: 0 },
  ],
  silences: [{ name: 'linux:http', check: 'http', from: 210, to: 0, creator: 'ann' }],
  marks: [
    { at: 150, sort: 'configuration', check: 'http', text: 'ann changed check http: timeout 10 → 2' },
    { at: 210, sort: 'silence-begins', check: 'http', text: 'ann: linux:http' },
  ],
  hidden: [],
  next: '',
}
const ribbon = readRibbon(ANSWER, 300)

test('failing checks come first, then those that failed, then the others', () => {
  assert.deepEqual(
    ribbon.rows.map(({ check }) => check),
    ['http', 'load', 'disk'],
  )
  assert.deepEqual(ribbon.rows[0]?.bands.at(-1), { from: 200, to: 300, status: 2 })
  assert.equal(ribbon.silences[0]?.to, 300)
})

test('a moment shows each check as it was then', () => {
  assert.deepEqual(countsAt(ribbon.rows, 60), { critical: 0, warning: 1, unknown: 0, passing: 1, none: 1 })
  assert.deepEqual(countsAt(ribbon.rows, 250), { critical: 1, warning: 0, unknown: 0, passing: 2, none: 0 })
  assert.equal(statusAt([], 5), 'none')
})

test('of two states within one second the later one counts', () => {
  const answer = {
    bands: [
      { check: 'http', from: 7, to: 0, status: 2 },
      { check: 'http', from: 7, to: 7, status: 0 },
    ],
  }
  assert.equal(countsAt(readRibbon(answer, 9).rows, 8).critical, 1)
})

test('the moments of changes can be stepped through', () => {
  assert.deepEqual(changesOf(ribbon, 50, 300), [90, 100, 150, 200, 210])
})

test('moments of URLs are within the period, or now', () => {
  assert.equal(momentOf('150', 100, 300), 150)
  for (const text of ['', 'x', '99', '301', '-5', '1e3', '9'.repeat(30)])
    assert.equal(momentOf(text, 100, 300), undefined)
  assert.equal(shareOf(150, 100, 200), 0.5)
  assert.equal(shareOf(500, 100, 200), 1)
  assert.equal(shareOf(5, 5, 5), 1)
  assert.deepEqual(ticksBetween(0, 100, 5), [0, 25, 50, 75, 100])
})

test('what happened is told with the newest first', () => {
  const told = happenings(ribbon).map(({ what }) => what)
  assert.equal(told[0], 'Silence begins: ann: linux:http')
  assert.equal(told[1], 'http became critical')
  assert.ok(told.includes('ann changed check http: timeout 10 → 2'))
})

test('an answer of another shape is empty', () => {
  assert.deepEqual(readRibbon('x', 5).rows, [])
  assert.deepEqual(readRibbon({ bands: [null], marks: 7 }, 5).marks, [])
})
