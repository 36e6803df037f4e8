// Tests of which events a URL shows, and of what counts do as filters.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  EVERYTHING,
  eventFilter,
  isEverything,
  isOnly,
  isShown,
  onlyThis,
  passesFilter,
  rowsQuery,
  withoutThis,
} from './event_filter.ts'
import { readEventRow } from './event_rows.ts'
import { viewOfQuery } from './view_of_url.ts'

const filterOf = (query: string) => eventFilter(viewOfQuery(query))
const asked = (query: string) => {
  const params = new URLSearchParams(rowsQuery(viewOfQuery(query), { offset: 0, limit: 100, next: '' }))
  return Object.fromEntries(params)
}

test('without a filter in the URL, incidents that nobody silenced are shown', () => {
  assert.deepEqual(asked(''), {
    offset: '0',
    limit: '100',
    order: 'severity',
    status: 'critical,warning,unknown',
    silenced: 'false',
  })
})

test('a click on a chip shows exactly the events that it counts, a second click what was shown before', () => {
  const only = onlyThis(filterOf(''), 'critical')
  assert.deepEqual(only, { status: ['critical'], silenced: undefined })
  assert.deepEqual(onlyThis(eventFilter(only), 'critical'), { status: [], silenced: undefined })
  const silenced = onlyThis(filterOf(''), 'silenced')
  assert.ok(isOnly(eventFilter(silenced), 'silenced'))
  assert.deepEqual(eventFilter(silenced).statuses.length, 4)
})

test('a click with Alt takes the events of a chip away', () => {
  assert.deepEqual(withoutThis(filterOf(''), 'warning'), { status: ['critical', 'unknown'], silenced: false })
  assert.deepEqual(withoutThis(filterOf('?status=warning'), 'warning'), { status: [], silenced: undefined })
  assert.deepEqual(withoutThis(eventFilter(EVERYTHING), 'silenced').silenced, false)
  assert.ok(isEverything(eventFilter(EVERYTHING)))
})

test('a changed row is in the list or not, as the server would say', () => {
  const failing = readEventRow({ entity: 'web1', check: 'http', status: 2, silenced: [] })
  const silenced = readEventRow({ entity: 'web1', check: 'http', status: 2, silenced: ['linux:*'] })
  const passing = readEventRow({ entity: 'web1', check: 'http', status: 0, silenced: [] })
  assert.deepEqual(
    [failing, silenced, passing].map((row) => passesFilter(filterOf(''), row)),
    [true, false, false],
  )
  assert.deepEqual(
    [failing, silenced, passing].map((row) => passesFilter(filterOf('?silenced=true'), row)),
    [false, true, false],
  )
  assert.ok(isShown(filterOf('?status=passing'), 'passing'))
})

test('words, comparisons, labels and columns of the URL reach the server, and an unknown order does not', () => {
  const query =
    "?q=web event.check.status == 2 labels.region == 'eu'&order=size&cols=entity,labels.region,__proto__,a,b.c"
  const { word, fieldSelector, labelSelector, order, columns } = asked(query)
  assert.deepEqual(
    [word, fieldSelector, labelSelector, order, columns],
    ['web', 'event.check.status == 2', "region == 'eu'", 'severity', 'labels.region,b.c'],
  )
})
