// Tests of navigation_entries.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { entriesOf, entryOf } from './navigation_entries.ts'

const PAGES = new Set(['overview', 'events', 'checks', 'cluster'])

test('pages that do not exist or that the caller may not see are not listed', () => {
  const may = (_: string, resource: string) => resource === 'events'
  assert.deepEqual(
    entriesOf('main', 'a b', PAGES, may).map(({ href }) => href),
    ['/n/a%20b/', '/n/a%20b/events'],
  )
  assert.deepEqual(
    entriesOf('handling', 'default', PAGES, () => true),
    [],
  )
  assert.deepEqual(
    entriesOf('system', 'default', PAGES, () => false),
    [{ page: 'cluster', title: 'Cluster', href: '/cluster' }],
  )
})

test('the page of one resource belongs to its list', () => {
  assert.deepEqual(['event', 'check_form', 'handler', 'overview', 'cluster'].map(entryOf), [
    'events',
    'checks',
    'handlers',
    'overview',
    'cluster',
  ])
})
