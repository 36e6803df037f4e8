// Tests of saved_search.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parametersOf, queryOf } from './saved_search.ts'
import { viewOfQuery } from './view_of_url.ts'

const QUERIES = [
  '',
  '?q=web&status=critical,warning',
  '?silenced=true',
  '?status=critical,warning,unknown,passing',
  `?q=${encodeURIComponent("web && event.check.name == 'disk' && labels.region == 'eu' && 'labels.my-team' in ['a', 'b']")}`,
  `?q=${encodeURIComponent("linux in labels.roles && labels.region != 'us'")}&status=passing&silenced=false`,
]

test('a saved search shows what was seen when it was saved', () => {
  for (const query of QUERIES) {
    const view = viewOfQuery(query)
    const again = viewOfQuery(queryOf('events', parametersOf('events', view)))
    assert.deepEqual(again, view, query)
  }
})

test('searches that were saved elsewhere are understood', () => {
  const parameters = ['status:incident', 'check:disk', 'subscription:linux', 'labelSelector:region == "us-west-1"']
  const view = viewOfQuery(queryOf('events', parameters))
  assert.deepEqual(view.status, ['critical', 'warning', 'unknown'])
  assert.equal(
    view.q,
    `event.check.name == 'disk' && 'linux' in event.entity.subscriptions && labels.region == "us-west-1"`,
  )
})

test('the default list is saved as what it is', () => {
  assert.deepEqual(parametersOf('events', viewOfQuery('')), ['status:incident', 'silenced:false'])
})
