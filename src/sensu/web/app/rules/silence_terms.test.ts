// Tests of silence_terms.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { secondsUntil, silenceOf, silencedInWords } from './silence_terms.ts'

const TARGET = { namespace: 'default', entity: 'web1', check: 'http' }

test('a silence of one event names its entity and its check', () => {
  assert.deepEqual(silenceOf(TARGET, 'event', 3600, ' new disks '), {
    metadata: { name: 'entity:web1:http', namespace: 'default' },
    subscription: 'entity:web1',
    check: 'http',
    expire: 3600,
    expire_on_resolve: false,
    reason: 'new disks',
  })
})

test('a silence of a check covers every entity, one of an entity every check', () => {
  assert.deepEqual(silenceOf(TARGET, 'check', 900, ''), {
    metadata: { name: '*:http', namespace: 'default' },
    check: 'http',
    expire: 900,
    expire_on_resolve: false,
  })
  assert.equal('check' in silenceOf(TARGET, 'entity', 900, ''), false)
})

test('a silence until the check passes ends at no time', () => {
  const silence = silenceOf(TARGET, 'event', 'resolved', '')
  assert.equal(silence['expire'], -1)
  assert.equal(silence['expire_on_resolve'], true)
})

test('the message says what was silenced and for how long', () => {
  assert.equal(silencedInWords(TARGET, 'event', 3600), 'Silenced web1/http for 1 h.')
  assert.equal(silencedInWords(TARGET, 'check', 'resolved'), 'Silenced http on every entity until it passes.')
})

test('a silence can last until a date and a time', () => {
  const now = Date.parse('2026-11-28T20:00') / 1000
  assert.equal(secondsUntil('2026-11-28T22:30', now), 9000)
  assert.equal(secondsUntil('2026-11-28T19:59', now), undefined)
  assert.equal(secondsUntil('', now), undefined)
})
