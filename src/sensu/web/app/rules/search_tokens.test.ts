// Tests of search_tokens.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  isFinished,
  placeInSearch,
  quoted,
  searchQuestion,
  searchTerms,
  withTerm,
  withoutTerm,
} from './search_tokens.ts'

const texts = (text: string) => searchTerms(text).map((term) => `${term.kind}: ${term.text}`)

test('words and comparisons are told apart', () => {
  assert.deepEqual(texts("web event.check.status == '2' && disk"), [
    'word: web',
    "field: event.check.status == '2'",
    'word: disk',
  ])
})

test('every operator of the syntax makes a comparison, with the literal on either side', () => {
  assert.deepEqual(texts("'linux' in event.entity.subscriptions"), ["field: 'linux' in event.entity.subscriptions"])
  assert.deepEqual(texts('event.check.name notin [disk, "c p u"]'), ['field: event.check.name notin [disk, "c p u"]'])
  assert.deepEqual(texts("event.entity.name matches 'web'"), ["field: event.entity.name matches 'web'"])
  assert.deepEqual(texts('a==b'), ['field: a==b'])
})

test('labels are asked by the label selector, under their own name', () => {
  assert.deepEqual(searchQuestion("labels.region == 'eu' && web && event.check.status != '0'"), {
    word: 'web',
    fieldSelector: ["event.check.status != '0'"],
    labelSelector: ["region == 'eu'"],
  })
  assert.deepEqual(searchQuestion('eu in labels.regions'), {
    word: '',
    fieldSelector: [],
    labelSelector: ['eu in regions'],
  })
})

test('a comparison that is not finished is known as that, up to the next &&', () => {
  assert.deepEqual(texts('event.check.status == && web'), ['field: event.check.status ==', 'word: web'])
  assert.deepEqual(texts('a in [b, c'), ['field: a in [b, c'])
  assert.deepEqual(texts("event.check.status = '2'"), ["field: event.check.status = '2'"])
  assert.equal(isFinished('event.check.status =='), false)
  assert.equal(isFinished("event.check.status == '2' web in"), true)
})

test('words that only look like an operator stay words', () => {
  assert.deepEqual(texts('disk in'), ['word: disk', 'word: in'])
})

test('all comparisons of a kind are one selector, and its positions are found in the text', () => {
  const text = "web labels.region == 'eu' && event.check.name == 'a' labels.rack == && 'labels.my-team' == 'x'"
  const { fieldSelector, labelSelector } = searchQuestion(text)
  assert.deepEqual(fieldSelector, ["event.check.name == 'a'"])
  assert.deepEqual(labelSelector, ["region == 'eu' && rack == && 'my-team' == 'x'"])
  const selector = labelSelector[0] ?? ''
  for (const part of ["'eu'", "'x'", 'my-team', 'region'])
    assert.equal(placeInSearch(text, 'label', selector.indexOf(part) + 1), text.indexOf(part))
  assert.equal(placeInSearch(text, 'field', 1), text.indexOf('event.check.name'))
})

test('quoted words may contain blanks', () => {
  assert.equal(searchQuestion('"my check"').word, 'my check')
})

test('a term can be taken away and another added', () => {
  const text = "web && event.check.status == '2' && disk"
  const [, status] = searchTerms(text)
  assert.ok(status)
  assert.equal(withoutTerm(text, status), 'web && disk')
  assert.equal(withTerm('web', 'disk'), 'web disk')
  assert.equal(withTerm('  ', 'disk'), 'disk')
})

test('a value cannot break out of its quotes', () => {
  assert.equal(quoted('eu west'), "'eu west'")
  assert.equal(quoted("it's && a == b"), "'it'")
})
