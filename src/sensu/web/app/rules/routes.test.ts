// Tests of routes.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ROUTES, inNamespace, pathTo, placeOf, safeTarget } from './routes.ts'

test('a path of the reference web UI shows the same thing here', () => {
  const place = placeOf('/n/default/events/web1/http')
  assert.equal(place?.route.page, 'event')
  assert.deepEqual(place?.params, {
    ns: 'default',
    entity: 'web1',
    check: 'http',
  })
})

test('names with slashes, blanks and percent signs survive the way into the path and back', () => {
  const params = { ns: 'default', entity: 'a/b c%2F', check: 'ü?#' }
  assert.deepEqual(placeOf(pathTo('event', params))?.params, params)
})

test('a form is not taken for a resource called new', () => {
  assert.equal(placeOf('/n/default/checks/new')?.route.page, 'check_form')
  assert.equal(placeOf('/n/default/checks/disk')?.route.page, 'check')
  assert.equal(placeOf('/n/default/checks/disk/edit')?.route.page, 'check_form')
})

test('with a name the path to a form edits that resource', () => {
  assert.equal(pathTo('check_form', { ns: 'default' }), '/n/default/checks/new')
  assert.equal(pathTo('check_form', { ns: 'default', name: 'disk' }), '/n/default/checks/disk/edit')
})

test('a slash at the end changes nothing, and a path that is none has no page', () => {
  assert.equal(placeOf('/n/default')?.route.page, 'overview')
  assert.equal(placeOf('/n/default/')?.route.page, 'overview')
  assert.equal(placeOf('/n/default/nothing'), undefined)
  assert.equal(placeOf('/n/%E0%A4%A'), undefined)
})

test('changing the namespace keeps the list, and leaves a resource for its list', () => {
  assert.equal(inNamespace(placeOf('/n/default/checks'), 'ops'), '/n/ops/checks')
  assert.equal(inNamespace(placeOf('/n/default/events/web1/http'), 'ops'), '/n/ops/events')
  assert.equal(inNamespace(placeOf('/cluster'), 'a b'), '/n/a%20b/')
})

test('signing in leads only to pages of this site', () => {
  assert.equal(safeTarget('/n/default/events?q=web'), '/n/default/events?q=web')
  for (const target of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\t/evil',
    '/sign-in',
    '',
    null,
  ])
    assert.equal(safeTarget(target), '/')
})

test('no two pages share a key, and every pattern can be reached', () => {
  const keys = ROUTES.flatMap(({ key }) => (key === undefined ? [] : [key]))
  assert.equal(new Set(keys).size, keys.length)
  for (const { pattern } of ROUTES) assert.equal(placeOf(pattern.replaceAll(/:\w+/g, 'x'))?.route.pattern, pattern)
})
