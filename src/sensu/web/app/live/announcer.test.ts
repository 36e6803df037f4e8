// Tests of what screen readers hear: one sentence at a time, five seconds apart.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'

import { announcer } from './announcer.svelte.ts'

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
afterEach(() => {
  mock.timers.tick(20_000)
  mock.timers.reset()
})

test('a second sentence waits, and is made when it is said', () => {
  let recovered = 0
  announcer.say(() => '1 new incident')
  announcer.say(() => `${recovered} recovered`)
  recovered = 3
  mock.timers.tick(4900)
  assert.equal(announcer.sentence, '1 new incident')
  mock.timers.tick(200)
  assert.equal(announcer.sentence, '3 recovered')
})

test('a sentence with nothing in it takes no time', () => {
  announcer.say(() => '')
  announcer.say(() => '1 recovered')
  assert.equal(announcer.sentence, '1 recovered')
})

test('the same sentence is heard again, because it is gone in between', () => {
  announcer.say(() => '1 new incident')
  mock.timers.tick(5000)
  assert.equal(announcer.sentence, '')
  announcer.say(() => '1 new incident')
  assert.equal(announcer.sentence, '1 new incident')
})
