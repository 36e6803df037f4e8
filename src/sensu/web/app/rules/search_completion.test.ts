// Tests of search_completion.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  completed,
  completionPlace,
  fieldCompletions,
  labelCompletions,
  placeNow,
  valueCompletions,
} from './search_completion.ts'

/** The place of the caret `|` in a text, as "KIND FIELD PREFIX". */
function place(marked: string): string {
  const caret = marked.indexOf('|')
  const found = completionPlace(marked.replace('|', ''), caret)
  return found === undefined ? 'nothing' : [found.kind, found.field, found.prefix].join(' ').trim()
}

test('a term begins with a word, a field or a label', () => {
  assert.equal(place('we|'), 'start  we')
  assert.equal(place('web |'), 'start')
  assert.equal(place("event.check.name == 'disk' && reg|"), 'start  reg')
  assert.equal(place("event.check.name == 'disk'|"), 'nothing')
})

test('behind a field come operators, behind an operator the values of the field', () => {
  assert.equal(place('event.check.name |'), 'operator event.check.name')
  assert.equal(place('event.check.name ma|'), 'operator event.check.name ma')
  assert.equal(place('event.check.name == |'), 'value event.check.name')
  assert.equal(place("web event.check.name == 'di|"), 'value event.check.name di')
  assert.equal(place("'labels.my-team' != o|"), 'value labels.my-team o')
})

test('behind in comes a list for a field, and a field for a value', () => {
  assert.equal(place('labels.region in e|'), 'list labels.region e')
  assert.equal(place("labels.region in ['eu', 'u|"), 'value labels.region u')
  assert.equal(place('linux in event.ent|'), 'field  event.ent')
})

test('a completion replaces what is typed of it, and typing goes on behind it', () => {
  const at = completionPlace('web event.che == x', 13)
  assert.ok(at)
  const taken = completed('web event.che == x', at, { shown: '', written: 'event.check.name', hint: '' })
  assert.deepEqual(taken, { text: 'web event.check.name == x', caret: 21 })
})

test('fields are found by any of their parts', () => {
  const fields = ['event.check.name', 'event.check.status', 'event.entity.name']
  assert.deepEqual(
    fieldCompletions(fields, 'na').map(({ written }) => written),
    ['event.check.name', 'event.entity.name'],
  )
})

test('values and labels are quoted where the syntax needs it, and left out where it has no way to write them', () => {
  const [value, bad] = valueCompletions([
    { value: 'eu west', count: 2 },
    { value: "it's", count: 1 },
  ])
  assert.deepEqual([value?.written, bad], ["'eu west'", undefined])
  assert.equal(valueCompletions([{ value: 'eu', count: 1 }], { list: true })[0]?.written, "['eu']")
  assert.equal(labelCompletions([{ value: 'my-team', count: 1 }])[0]?.written, "'labels.my-team'")
  assert.equal(labelCompletions([{ value: 'region', count: 1 }])[0]?.written, 'labels.region')
})

test('a completion replaces what is typed by now, not only what was typed when it was read', () => {
  const read = completionPlace('load && re', 10)
  assert.ok(read)
  const [shown, written] = ['labels.region', 'labels.region']
  const now = placeNow(read, 'load && regi', 12)
  assert.ok(now)
  assert.equal(completed('load && regi', now, { shown, written, hint: '' }).text, 'load && labels.region ')
  assert.equal(placeNow(read, 'load && labels.region =', 23), undefined)
})
