// Tests of palette.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type PaletteEntry, matching, pathOfFound, recentTitle } from './palette.ts'

const ENTRIES: PaletteEntry[] = [
  { section: 'Go to', shown: 'Events', hint: 'page', href: '/n/default/events' },
  { section: 'Namespaces', shown: 'default', hint: 'namespace', href: '/n/default/' },
  { section: 'Here', shown: 'silence', hint: '', action: 'silence' },
]
const PAGES = new Set(['event', 'entity', 'check', 'silence'])

test('what is typed chooses by every word, and namespaces come before pages where nothing is typed', () => {
  assert.deepEqual(
    matching(ENTRIES, 'ev PAGE').map(({ shown }) => shown),
    ['Events'],
  )
  assert.deepEqual(
    matching(ENTRIES, '').map(({ shown }) => shown),
    ['default', 'silence', 'Events'],
  )
  assert.deepEqual(matching(ENTRIES, 'nothing'), [])
})

test('a found name leads to its page, with awkward characters in it, or nowhere', () => {
  const found = (resource: string, name: string) => pathOfFound({ resource, namespace: 'a b', name }, PAGES)
  assert.equal(found('events', 'web1/http'), '/n/a%20b/events/web1/http')
  assert.equal(found('entities', 'x/y'), '/n/a%20b/entities/x%2Fy')
  assert.equal(found('silenced', 'linux:*'), '/n/a%20b/silences/linux%3A*')
  assert.equal(found('namespaces', 'staging'), '/n/staging/')
  assert.equal(found('assets', 'check-http'), undefined)
})

test('pages of one resource are remembered by its name', () => {
  assert.deepEqual(recentTitle('/n/default/events/web1/http'), { shown: 'web1/http', hint: 'event in default' })
  assert.equal(recentTitle('/n/default/events'), undefined)
})
