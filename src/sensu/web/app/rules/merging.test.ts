// Merge patches, and changes of two people to one document.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { patchBetween, patched } from './merging.ts'

const BASE = { spec: { interval: 10, timeout: 5, handlers: ['a'] }, metadata: { name: 'http' } }

test('a patch has what differs, and nothing else', () => {
  const mine = { spec: { interval: 60, handlers: ['a', 'b'] }, metadata: { name: 'http' } }
  const patch = patchBetween(BASE, mine)
  assert.deepEqual(patch, { spec: { interval: 60, timeout: null, handlers: ['a', 'b'] } })
  assert.deepEqual(patched(BASE, patch), mine)
  assert.deepEqual(patchBetween(BASE, BASE), {})
})

test('changes of two people come together', () => {
  const theirs = { spec: { interval: 10, timeout: 9, handlers: ['a'], ttl: 99 }, metadata: { name: 'http' } }
  const mine = { ...BASE, spec: { ...BASE.spec, interval: 60 } }
  assert.deepEqual(patched(theirs, patchBetween(BASE, mine)), { ...theirs, spec: { ...theirs.spec, interval: 60 } })
})
