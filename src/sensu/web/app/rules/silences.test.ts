// Silences in words: scope, end, hits, previews.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  endOf,
  endingInWords,
  entityOf,
  hitsOf,
  previewInWords,
  readPreview,
  readSilence,
  readSilenceRow,
  scopeOf,
  withEnd,
} from './silences.ts'

test('what a silence applies to is said in words, whatever stands for any', () => {
  const words = (subscription: string, check: string) => scopeOf(readSilence({ subscription, check }))
  assert.equal(words('entity:web1', 'http'), 'web1/http')
  assert.equal(words('entity:web1', '*'), 'every check of web1')
  assert.equal(words('', 'http'), 'http on every entity')
  assert.equal(words('linux', 'http'), 'http of subscription linux')
  assert.equal(words('linux', ''), 'every check of subscription linux')
  assert.equal(words('*', ''), 'everything')
  assert.equal(entityOf({ subscription: 'entity:a:b', check: '' }), 'a:b')
  assert.equal(entityOf({ subscription: 'linux', check: '' }), '')
})

test('“when resolved” is not “never”, and both can have an end', () => {
  const end = (expireAt: number, expireOnResolve: boolean) => endOf({ begin: 0, expireAt, expireOnResolve }, 1000)
  assert.equal(end(0, false), 'never')
  assert.equal(end(0, true), 'when resolved')
  assert.equal(end(1600, false), 'in 10 min')
  assert.equal(end(8140, false), 'in 1 h 59 min')
  assert.equal(end(4600, true), 'when resolved, at the latest in 1 h')
})

test('numbers that may be too low say so, and what has not begun silences nothing yet', () => {
  const hits = (events: number, failing: number, exact: boolean, active = true) =>
    hitsOf(readSilenceRow({ events, failing, exact, active }))
  assert.equal(hits(41, 3, true), '41 events, 3 failing')
  assert.equal(hits(1, 0, true), '1 event')
  assert.equal(hits(0, 0, true), 'nothing')
  assert.equal(hits(5, 1, false), 'at least 5 events, 1 failing')
  assert.equal(hits(0, 0, false), 'not counted')
  assert.equal(hits(0, 0, true, false), 'not yet')
})

test('another end leaves everything else as it is', () => {
  const stored = { metadata: { name: 'a:b', labels: { team: 'ops' } }, begin: 100, expire_at: 200, expire: 50 }
  assert.deepEqual(withEnd(stored, 500), { ...stored, expire_at: 500, expire: 400 })
  assert.deepEqual(withEnd(stored, 0), { ...stored, expire_at: 0, expire: -1 })
})

test('a preview names only the statuses that events have', () => {
  const words = (answer: unknown) => previewInWords(readPreview(answer))
  assert.equal(words({ events: 41, critical: 3, passing: 38 }), 'Silences 41 events now: 3 critical.')
  assert.equal(words({ events: 1, passing: 1 }), 'Silences 1 event now, none of them failing.')
  assert.equal(words({}), 'Silences no event that exists now, only those that come later.')
})

test('ending says how many events are handled again', () => {
  assert.equal(endingInWords(0), '')
  assert.equal(endingInWords(1), '1 event is failing and will be handled again.')
  assert.equal(endingInWords(3), '3 events are failing and will be handled again.')
})
