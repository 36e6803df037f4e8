// Tests of event_groups.ts and grouped_by.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  type EventGroup,
  groupInWords,
  groupName,
  itemsOf,
  readEventGroups,
  restInWords,
  viewOfGroup,
} from './event_groups.ts'
import { readEventRow } from './event_rows.ts'
import { groupOfLabel, groupedBy, groupedByInWords } from './grouped_by.ts'
import { viewOfQuery } from './view_of_url.ts'

const http: EventGroup = { name: 'http', critical: 20, warning: 1, unknown: 0, passing: 0, silenced: 3 }
const rows = ['web1', 'web2'].map((entity) => readEventRow({ entity, check: 'http', status: 2 }))

test('events are grouped by check, by entity or by a label', () => {
  assert.deepEqual(['check', 'entity', 'label:region', 'label:', 'since', ''].map(groupedBy), [
    'check',
    'entity',
    'labels.region',
    undefined,
    undefined,
    undefined,
  ])
  assert.equal(groupedByInWords(groupOfLabel('region')), 'label region')
})

test('the numbers of a group are said in words', () => {
  assert.equal(groupInWords(http), '20 critical, 1 warning, 3 of them silenced')
  assert.equal(groupInWords({ ...http, critical: 0, warning: 3 }), '3 warning, silenced')
  assert.equal(groupName(http, 'check'), 'http')
  assert.equal(groupName({ ...http, name: '' }, 'label:region'), 'without label region')
})

test('the events of an open group follow it, and what is not shown of it is counted', () => {
  const items = itemsOf([http, { ...http, name: 'disk' }], ['http'], (name) => (name === 'http' ? rows : undefined))
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['group', 'event', 'event', 'rest', 'group'],
  )
  const rest = items[3]
  assert.equal(rest?.kind === 'rest' && restInWords(rest), '19 more events in this group: show them as a list')
})

test('the events of a group are found by a search, unless its name has quotes', () => {
  const view = { ...viewOfQuery('?q=web'), group: 'check', open: ['http'] }
  assert.deepEqual(viewOfGroup(view, http), { q: "web event.check.name == 'http'", group: '', open: [] })
  const label = { ...view, group: 'label:app/kind of' }
  assert.equal(viewOfGroup(label, http)?.q, "web 'labels.app/kind of' == 'http'")
  assert.equal(viewOfGroup(view, { ...http, name: "it's" }), undefined)
  assert.equal(viewOfGroup(label, { ...http, name: '' }), undefined)
})

test('an answer of anything is read as groups', () => {
  assert.deepEqual(readEventGroups(null).groups, [])
  assert.equal(readEventGroups({ groups: [{ name: 'http', critical: 2 }], complete: false }).groups[0]?.critical, 2)
})
