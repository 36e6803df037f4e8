// Forms: schemas, documents, durations, and what the API says of drafts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readDrafts } from './draft_answer.ts'
import { changeInWords, changesInWords, effectInWords, rateInWords } from './draft_words.ts'
import { countIn, secondsOf, unitFor } from './duration_input.ts'
import { fieldsOf, isSet, readSchema, widgetOf } from './form_schema.ts'
import { copyOf, documentOf, newDocument, resourceOf } from './new_documents.ts'

const SCHEMA = readSchema({
  properties: {
    metadata: {
      'x-form': { section: 'What' },
      properties: {
        name: { type: 'string', title: 'Name', 'x-form': {} },
        labels: {
          type: 'object',
          additionalProperties: { type: 'string' },
          'x-form': { widget: 'labels', more: true },
        },
        created_by: { type: 'string', 'x-form': { widget: 'hidden' } },
      },
    },
    spec: {
      properties: {
        interval: { type: 'integer', title: 'Interval', default: 0, 'x-form': { section: 'What', widget: 'duration' } },
        repeat: { type: ['array', 'null'], items: { type: 'string', enum: ['daily'] }, 'x-form': { section: 'What' } },
        rules: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, 'x-form': {} },
      },
    },
  },
  'x-form': { type: 'CheckConfig', api_version: 'core/v2', segment: 'checks', sections: ['What', 'More'] },
})

test('a schema becomes fields in sections; labels are in the last one and hidden fields in none', () => {
  const names = (section: string) => fieldsOf(SCHEMA, section).map(({ part, field }) => `${part}.${field.name}`)
  assert.deepEqual(names('What'), ['metadata.name', 'spec.interval', 'spec.repeat'])
  assert.deepEqual(names('More'), ['metadata.labels'])
  assert.deepEqual(SCHEMA.spec.map(widgetOf), ['duration', 'set', 'objects'])
  const [interval] = SCHEMA.spec
  assert.ok(interval && isSet(interval, 5) && !isSet(interval, 0) && !isSet(interval, undefined))
})

test('a malformed schema is an empty form', () => {
  assert.deepEqual(readSchema('<html>').spec, [])
})

test('a resource is wrapped for the form and unwrapped for the API, with what the form does not know', () => {
  const check = { metadata: { name: 'a', namespace: 'n', created_by: 'ann' }, interval: 5, future: { x: 1 } }
  const document = documentOf(SCHEMA, check)
  assert.deepEqual(document, {
    type: 'CheckConfig',
    api_version: 'core/v2',
    metadata: check.metadata,
    spec: { interval: 5, future: { x: 1 } },
  })
  assert.deepEqual(resourceOf(document, 'n'), check)
  assert.deepEqual(copyOf(document)['metadata'], { name: '', namespace: 'n' })
  const secret = { type: 'Secret', api_version: 'secrets/v1', metadata: { name: 's' }, spec: { id: 'A' } }
  assert.deepEqual(resourceOf(documentOf(SCHEMA, secret), 'n'), { ...secret, metadata: { namespace: 'n', name: 's' } })
  assert.equal(newDocument(SCHEMA, 'n')['type'], 'CheckConfig')
})

test('durations are entered in the unit that makes them short', () => {
  assert.equal(unitFor(300), 'min')
  assert.equal(unitFor(90), 's')
  assert.equal(unitFor(0), 's')
  assert.equal(secondsOf(1.5, 'h'), 5400)
  assert.equal(countIn(7200, 'h'), 2)
})

test('an answer about a draft is read, whatever it lacks', () => {
  const [draft] = readDrafts({ documents: [{ name: 'a', problems: [{ path: 'spec.x', line: 3 }], effect: null }] })
  assert.equal(draft?.problems[0]?.line, 3)
  assert.equal(draft?.effect, undefined)
  assert.deepEqual(readDrafts(null), [])
})

test('what saving does is told in words', () => {
  const effect = { agents: 1204, runsPerS: 120.4, runsPerSBefore: 20, schedule: 'every 10 s', nextS: [], handlers: [] }
  assert.equal(
    effectInWords(effect, true),
    'Runs every 10 s on 1,204 agents: 120.4 runs a second instead of 20 runs a second.',
  )
  assert.equal(effectInWords(effect, false), 'It runs only on request.')
  assert.match(effectInWords({ ...effect, runsPerS: null }, true), /for each entity that matches/)
  assert.equal(rateInWords(1 / 60), '1 run a minute')
  assert.equal(rateInWords(0), 'no runs')
  const [draft] = readDrafts({ documents: [{ name: 'http', action: 'create' }] })
  assert.ok(draft)
  assert.equal(changesInWords(draft, 'check'), 'Saving creates the check http.')
  assert.deepEqual(changeInWords('', ['a']), ['none', '["a"]'])
})

test('a change at the end of a long value is shown, with what comes before it', () => {
  const command = `/opt/${'x'.repeat(100)}/check-disk -c `
  assert.deepEqual(changeInWords(`${command}90`, `${command}95`), [
    `…${'x'.repeat(8)}/check-disk -c 90`,
    `…${'x'.repeat(8)}/check-disk -c 95`,
  ])
  assert.deepEqual(changeInWords('a', undefined), ['a', 'none'])
  const [before, after] = changeInWords('y', `y${'z'.repeat(100)}`)
  assert.deepEqual([before, after.length, after.endsWith('…')], ['y', 80, true])
})
