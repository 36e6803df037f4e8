// Tests of differences.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { changedValues, differentLines } from './differences.ts'

const shown = (before: string, after: string) => differentLines(before, after).map(({ sign, text }) => sign + text)

test('only the lines that changed are marked', () => {
  assert.deepEqual(shown('a\ninterval: 60\nz', 'a\ninterval: 10\nz'), [' a', '-interval: 60', '+interval: 10', ' z'])
  assert.deepEqual(shown('a\nb\nc\nd', 'a\nc\nx\nd'), [' a', '-b', ' c', '+x', ' d'])
})

test('equal texts, an empty one and repeated lines are compared too', () => {
  assert.deepEqual(shown('a\na', 'a\na'), [' a', ' a'])
  assert.deepEqual(shown('', 'a'), ['-', '+a'])
  assert.deepEqual(shown('a\na\na', 'a\na'), [' a', ' a', '-a'])
})

test('both texts can be read out of the difference', () => {
  const [before, after] = ['x\ny\nz\nk\ny', 'y\nz\nz\nx\ny\nk']
  const lines = differentLines(before, after)
  assert.equal(
    lines
      .filter(({ sign }) => sign !== '+')
      .map(({ text }) => text)
      .join('\n'),
    before,
  )
  assert.equal(
    lines
      .filter(({ sign }) => sign !== '-')
      .map(({ text }) => text)
      .join('\n'),
    after,
  )
})

test('very long texts are not compared line by line in the middle', () => {
  const before = Array.from({ length: 5000 }, (_, index) => `a${index}`).join('\n')
  const startedMs = performance.now()
  assert.equal(differentLines(`same\n${before}`, `same\n${before.replaceAll('a', 'b')}`).length, 10_001)
  assert.ok(performance.now() - startedMs < 1000)
})

test('changed values have their path', () => {
  const before = { spec: { interval: 60, handlers: ['a'], publish: true } }
  const after = { spec: { interval: 10, handlers: ['a', 'b'], publish: true } }
  assert.deepEqual(changedValues(before, after), [
    { path: 'spec.handlers[1]', before: undefined, after: 'b' },
    { path: 'spec.interval', before: 60, after: 10 },
  ])
})

test('a key called __proto__ is a key', () => {
  const before: unknown = JSON.parse('{"__proto__": {"a": 1}}')
  assert.deepEqual(changedValues(before, {}), [{ path: '__proto__', before: { a: 1 }, after: undefined }])
})
