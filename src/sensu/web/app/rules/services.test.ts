// Tests of services.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { namesOfServices, readComponent, readServiceEvents, rulesInWords, serviceOf, worstInWords } from './services.ts'

const WEB = readComponent({
  metadata: { name: 'web' },
  spec: { services: ['shop', 'blog'], rules: [{ name: 'web-70' }, { name: 'web-any' }] },
})
const DATABASE = readComponent({ metadata: { name: 'db' }, spec: { services: ['shop'], rules: [{ name: 'db-up' }] } })

function event(rule: string, status: number, more: Readonly<Record<string, unknown>> = {}): unknown {
  return { check: { metadata: { name: rule }, status, output: `${rule} says ${status}\n`, ...more } }
}

test('services are those that components name, each once', () => {
  assert.deepEqual(namesOfServices([DATABASE, WEB]), ['blog', 'shop'])
  assert.deepEqual(namesOfServices([]), [])
})

test('a service is as bad as the worst of its rules', () => {
  const events = readServiceEvents([event('web-70', 0), event('web-any', 2), event('db-up', 1)])
  const shop = serviceOf('shop', [WEB, DATABASE], events)
  assert.deepEqual([shop.status, shop.components], ['critical', ['web', 'db']])
  assert.equal(worstInWords(shop), 'web-any: web-any says 2')
  assert.equal(rulesInWords(shop), '3 rules, 2 failing')
})

test('a rule without an event has no result yet, and is not better than one that passes', () => {
  const blog = serviceOf('blog', [WEB, DATABASE], readServiceEvents([event('web-70', 0)]))
  assert.deepEqual([blog.status, blog.components], ['none', ['web']])
  assert.equal(worstInWords(blog), 'web-any: not evaluated yet')
  assert.equal(rulesInWords(blog), '2 rules')
})

test('what is silenced counts after what nobody silenced', () => {
  const events = readServiceEvents([event('web-70', 2, { is_silenced: true }), event('web-any', 1)])
  assert.deepEqual(
    serviceOf('shop', [WEB], events).events.map(({ rule }) => rule),
    ['web-any', 'web-70'],
  )
  assert.equal(worstInWords(serviceOf('other', [WEB], [])), 'no rules')
})
