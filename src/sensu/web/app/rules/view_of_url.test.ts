// Tests of view_of_url.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { changedQuery, parameter, viewOfQuery, withParameter } from './view_of_url.ts'

test('a view comes back from its URL as it was', () => {
  const view = {
    q: "event.check.status == '2' && web",
    status: ['critical', 'warning'],
    silenced: false,
    order: 'changed',
    cols: ['entity', 'labels.region'],
    group: 'label:region',
    open: ['eu, 100 % of it~', '', '%2C'],
    tab: 'history',
    from: '24h',
    to: '',
    at: '1790000000',
    utc: true,
  } as const
  assert.deepEqual(viewOfQuery(changedQuery('', view)), view)
})

test('an empty URL is the default view, and the default view is an empty URL', () => {
  const view = viewOfQuery('')
  assert.equal(view.silenced, undefined)
  assert.equal(changedQuery('', view), '')
})

test('changes keep what they do not name', () => {
  assert.equal(
    changedQuery('?q=web&window=1h', { status: ['critical', 'unknown'] }),
    '?q=web&window=1h&status=critical,unknown',
  )
  assert.equal(changedQuery('?q=web&silenced=false', { q: '', silenced: undefined }), '')
})

test('malformed values count as left out', () => {
  assert.deepEqual(viewOfQuery('?status=evil,critical,&silenced=maybe&utc=2').status, ['critical'])
  assert.equal(viewOfQuery('?silenced=toString').silenced, undefined)
})

test('a page has parameters of its own', () => {
  assert.equal(parameter('?window=1h', 'window'), '1h')
  assert.equal(withParameter('?window=1h&q=a', 'window', ''), '?q=a')
})
