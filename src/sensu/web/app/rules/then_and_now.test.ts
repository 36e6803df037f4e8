// Tests of then_and_now.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { comparedFacts, comparedOutput, pastMoment, readState } from './then_and_now.ts'

const STYLE = { utc: true, locale: 'en-GB' }
const state = (changes: object) => readState({ status: 0, since: 100, executed: 200, output: 'fine', ...changes })

test('facts that differ are marked', () => {
  const facts = comparedFacts(state({}), state({ status: 2, since: 300, executed: 400 }), STYLE)
  assert.deepEqual(
    facts.filter(({ differs }) => differs).map(({ name }) => name),
    ['Status', 'Exit status', 'Since', 'Last result'],
  )
  assert.deepEqual([facts[0]?.then, facts[0]?.now], ['passing', 'critical'])
})

test('what is no longer known is not called the beginning of 1970', () => {
  const facts = comparedFacts(state({ since: 0, executed: 0 }), state({}), STYLE)
  assert.equal(facts.find(({ name }) => name === 'Since')?.then, 'not known')
  assert.equal(facts.find(({ name }) => name === 'Last result')?.then, 'no longer kept')
})

test('outputs are compared line by line', () => {
  const lines = comparedOutput(state({ output: 'a\nb\n' }), state({ output: 'a\nc\n' }))
  assert.deepEqual(
    lines.map(({ sign, text }) => sign + text),
    [' a', '-b', '+c'],
  )
})

test('the missing end of an output that was cut is not a difference', () => {
  const lines = comparedOutput(state({ output: 'abc', truncated: true }), state({ output: 'abcdef' }))
  assert.deepEqual(lines, [{ sign: ' ', text: 'abc' }])
})

test('a moment is one of the past', () => {
  assert.equal(pastMoment('500', 1000), 500)
  for (const text of ['', '0', '1001', '-5', '5e2', 'now']) assert.equal(pastMoment(text, 1000), undefined)
})
