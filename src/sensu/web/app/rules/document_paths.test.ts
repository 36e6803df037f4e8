// Values by path: reading and changing a document without touching the rest.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isWithin, pathText, stepsOf, valueAt, withValue } from './document_paths.ts'

const CHECK = { metadata: { name: 'http' }, spec: { interval: 10, subdues: [{ begin: 'a' }, { begin: 'b' }] } }

test('a value is found by its path, and nothing where there is none', () => {
  assert.equal(valueAt(CHECK, ['spec', 'subdues', 1, 'begin']), 'b')
  assert.equal(valueAt(CHECK, ['spec', 'subdues', 'x']), undefined)
  assert.equal(valueAt(CHECK, ['spec', '__proto__', 'x']), undefined)
})

test('a change leaves everything else as it was, in its order', () => {
  const changed = withValue(CHECK, ['spec', 'subdues', 0, 'begin'], 'c')
  assert.deepEqual(changed, {
    metadata: { name: 'http' },
    spec: { interval: 10, subdues: [{ begin: 'c' }, { begin: 'b' }] },
  })
  assert.equal(CHECK.spec.subdues[0]?.begin, 'a')
  assert.deepEqual(Object.keys(withValue(CHECK, ['spec', 'interval'], 5)['spec'] as object), ['interval', 'subdues'])
  assert.deepEqual(withValue({}, ['metadata', 'labels', 'a'], 'b'), { metadata: { labels: { a: 'b' } } })
})

test('an undefined value takes the field or the item away', () => {
  assert.deepEqual(withValue(CHECK, ['spec', 'interval'], undefined)['spec'], { subdues: CHECK.spec.subdues })
  assert.deepEqual(valueAt(withValue(CHECK, ['spec', 'subdues', 0], undefined), ['spec', 'subdues']), [{ begin: 'b' }])
})

test('a hostile key is a key like any other', () => {
  const changed = withValue({}, ['metadata', 'labels', '__proto__'], 'x')
  assert.equal(valueAt(changed, ['metadata', 'labels', '__proto__']), 'x')
  assert.equal(({} as Record<string, unknown>)['x'], undefined)
})

test('paths are written and read as the API does', () => {
  for (const text of ['spec.subdues[0].begin', 'metadata.name', 'spec.expressions[12]'])
    assert.equal(pathText(stepsOf(text)), text)
  assert.deepEqual(stepsOf('metadata.labels["a.b/c"]'), ['metadata', 'labels', 'a.b/c'])
  assert.ok(isWithin('spec.subdues[0].begin', 'spec.subdues'))
  assert.ok(!isWithin('spec.interval_x', 'spec.interval'))
})
