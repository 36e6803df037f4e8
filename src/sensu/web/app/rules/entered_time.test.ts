// Tests of entered_time.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { enteredAsSeconds, secondsAsEntered } from './entered_time.ts'

const NOON_S = Date.UTC(2026, 10, 28, 12, 0) / 1000

test('a day and time is read in UTC or in the zone of the browser', () => {
  assert.equal(enteredAsSeconds('2026-11-28T12:00', true), NOON_S)
  assert.equal(enteredAsSeconds('2026-11-28T12:00', false), new Date(2026, 10, 28, 12, 0).getTime() / 1000)
})

test('what is no day and time has no seconds', () => {
  for (const text of ['', 'tomorrow', '2026-13-45T99:00']) assert.equal(enteredAsSeconds(text, true), undefined)
})

test('what is shown in an input is read as the same minute', () => {
  for (const utc of [true, false]) assert.equal(enteredAsSeconds(secondsAsEntered(NOON_S + 59, utc), utc), NOON_S)
})
