// Tests of tick.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { changesIn, listChanges, mergedTick, readTick, topicOf } from './tick.ts'

const row = (entity: string, status: number) => ({
  entity,
  check: 'http',
  status,
})
const list = (changed: unknown[], gone: unknown[] = [], more = false) => ({
  events: { default: { changed, gone, more } },
})

test('of two ticks the last row of an event wins', () => {
  const merged = mergedTick(list([row('web1', 2), row('web2', 1)]), list([row('web1', 0)]))
  assert.deepEqual(listChanges(merged, 'events', 'default')?.changed, [row('web1', 0), row('web2', 1)])
})

test('what went and came back is there, what came and went is gone', () => {
  const back = mergedTick(list([], [['web1', 'http']]), list([row('web1', 2)]))
  assert.deepEqual(listChanges(back, 'events', 'default'), {
    changed: [row('web1', 2)],
    gone: [],
    more: false,
  })
  const went = mergedTick(list([row('web1', 2)]), list([], [['web1', 'http']], true))
  assert.deepEqual(listChanges(went, 'events', 'default'), {
    changed: [],
    gone: [['web1', 'http']],
    more: true,
  })
})

test('counts are the last ones, names of resources add up, and other topics stay', () => {
  const first = readTick({
    counts: { default: { critical: 1 }, ops: { critical: 7 } },
    resources: { 'checks:default': ['http'] },
  })
  const second = readTick({
    counts: { default: { critical: 3 } },
    resources: { 'checks:default': ['disk', 'http'] },
  })
  const merged = mergedTick(first, second)
  assert.deepEqual(topicOf(merged, 'counts:default'), { critical: 3 })
  assert.deepEqual(topicOf(merged, 'counts:ops'), { critical: 7 })
  assert.deepEqual(topicOf(merged, 'resources:checks:default'), ['http', 'disk'])
})

test('too many changed resources to name stay too many', () => {
  const many = readTick({ resources: { 'checks:default': [] } })
  const one = readTick({ resources: { 'checks:default': ['http'] } })
  assert.deepEqual(topicOf(mergedTick(many, one), 'resources:checks:default'), [])
  assert.deepEqual(topicOf(mergedTick(one, many), 'resources:checks:default'), [])
})

test('malformed ticks are empty ones', () => {
  for (const bad of [undefined, null, 3, 'x', [], { events: 5 }, { events: { default: { changed: 'x' } } }])
    assert.equal(listChanges(readTick(bad), 'events', 'default'), undefined)
})

test('a tick counts its changes', () => {
  assert.equal(
    changesIn(
      readTick({
        ...list([row('a', 1)], [['b', 'c']]),
        resources: { 'checks:default': ['x', 'y'] },
      }),
    ),
    4,
  )
})

test('changes that are too many to name cannot be counted', () => {
  assert.equal(changesIn(readTick({ events: { default: { changed: [], gone: [], more: true } } })), Infinity)
  assert.equal(changesIn(readTick({ resources: { 'checks:default': [] } })), Infinity)
})
