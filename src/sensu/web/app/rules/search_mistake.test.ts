// Tests of search_mistake.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { searchMistake } from './search_mistake.ts'

test('something that is missing is named with what stands before it', () => {
  const q = "web event.check.status == && event.entity.name == 'a'"
  const why = 'failed to parse fieldSelector: position 23: expected a value, found &&'
  assert.deepEqual(searchMistake(q, why), {
    q,
    from: q.indexOf(' && event.entity'),
    to: q.indexOf(' && event.entity'),
    words: 'After “event.check.status ==”, a value is missing.',
  })
})

test('a wrong character is marked together with the rest of its word', () => {
  const q = "web labels.region == eu-west && event.check.name == 'a'"
  const mistake = searchMistake(
    q,
    'failed to parse labelSelector: position 13: unexpected - in eu-west: put the string in quotes',
  )
  assert.equal(q.slice(mistake?.from, mistake?.to), '-west')
  assert.equal(mistake?.words, 'Unexpected - in eu-west: put the string in quotes.')
})

test('other refusals are no mistakes in the search', () => {
  assert.equal(searchMistake('web', 'limit must be between 1 and 500'), undefined)
})
