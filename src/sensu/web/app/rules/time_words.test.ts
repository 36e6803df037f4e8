// Tests of time_words.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  dateAndMinute,
  durationInWords,
  exactTime,
  machineTime,
  relativeTime,
  shortDuration,
  wordsHoldS,
} from './time_words.ts'

const NOW_S = Date.UTC(2026, 10, 28, 20, 41, 7) / 1000
const STYLE = { utc: true, locale: 'en-GB' }

test('columns show a duration in one unit', () => {
  assert.deepEqual([0, 59.9, 60, 23 * 60, 7200, 47 * 3600, 3 * 86_400].map(shortDuration), [
    '0 s',
    '59 s',
    '1 min',
    '23 min',
    '2 h',
    '47 h',
    '3 d',
  ])
})

test('sentences show a duration in two units, short ones exactly', () => {
  const cases = [0.4, 4.25, 45, 61, 700, 7800, 7200, 273_600]
  assert.deepEqual(cases.map(durationInWords), [
    '400 ms',
    '4.3 s',
    '45 s',
    '1 min 1 s',
    '11 min',
    '2 h 10 min',
    '2 h',
    '3 d 4 h',
  ])
})

test('times are relative up to two days, then absolute', () => {
  assert.equal(relativeTime(NOW_S - 0.2, NOW_S), 'just now')
  assert.equal(relativeTime(NOW_S - 23 * 60, NOW_S), '23 min ago')
  assert.equal(relativeTime(NOW_S + 6, NOW_S), 'in 6 s')
  assert.equal(relativeTime(NOW_S - 14 * 86_400, NOW_S, STYLE), '14 Nov, 20:41')
})

test('a time that is a moment ahead is now, not a negative age', () => {
  assert.equal(relativeTime(NOW_S + 0.4, NOW_S), 'now')
  assert.equal(shortDuration(-3), '0 s')
})

test('another year is named', () => {
  assert.match(dateAndMinute(NOW_S - 400 * 86_400, NOW_S, STYLE), /2025/)
})

test('the exact time names its zone, and machines get ISO 8601', () => {
  assert.equal(exactTime(NOW_S, STYLE), '28 Nov 2026, 20:41:07 UTC')
  assert.equal(machineTime(NOW_S), '2026-11-28T20:41:07.000Z')
})

test('words of old times need no timer a second', () => {
  assert.equal(wordsHoldS(NOW_S - 10, NOW_S), 1)
  assert.equal(wordsHoldS(NOW_S - 600, NOW_S), 60)
})
