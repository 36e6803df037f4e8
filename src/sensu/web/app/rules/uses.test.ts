// Tests of uses.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readUses, usersInWords, wordOfKind } from './uses.ts'

const user = (kind: string, name: string) => ({ kind, name, where: 'handlers' })

test('users are listed by their kinds, each once', () => {
  const users = [user('checks', 'http'), user('checks', 'disk'), user('checks', 'disk'), user('pipelines', 'incidents')]
  assert.equal(usersInWords({ count: 4, users }), 'checks http and disk, pipeline incidents')
  assert.equal(usersInWords({ count: 6, users: [user('handlers', 'all')] }), 'handler all, 5 others')
  assert.equal(usersInWords({ count: 0, users: [] }), '')
})

test('an answer of another shape has no uses', () => {
  assert.equal(readUses('nothing').size, 0)
  assert.deepEqual(readUses({ uses: [{ name: 'a', number: 1 }] }).get('a'), {
    name: 'a',
    exists: false,
    count: 1,
    users: [],
  })
})

test('kinds are called by their words', () => {
  assert.equal(usersInWords({ count: 1, users: [user('fallback-pipelines', 'pages')] }), 'fallback pipeline pages')
  assert.equal(wordOfKind('service-components'), 'service component')
  assert.equal(wordOfKind('others'), 'others')
})
