// Tests of drafts: answers about an older draft replace nothing that was written since.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'

import { readSchema } from '../rules/form_schema.ts'
import { ResourceDraft } from './resource_draft.svelte.ts'

let answers: ((yaml: string) => Promise<void>)[] = []

beforeEach(() => {
  answers = []
  mock.timers.enable({ apis: ['setTimeout'] })
  Object.defineProperty(globalThis, 'location', { value: new URL('http://localhost/'), configurable: true })
  mock.method(globalThis, 'fetch', (_request: Request, { signal }: { signal: AbortSignal }) => {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      answers.push(async (yaml) => {
        const document = { type: 'CheckConfig', metadata: { name: yaml } }
        resolve(Response.json({ documents: [{ document, yaml, valid: true, problems: [], changes: [] }] }))
        await new Promise(setImmediate)
      })
    })
  })
})
afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function draft(): ResourceDraft {
  const schema = { ...readSchema({}), type: 'CheckConfig' }
  return new ResourceDraft({ schema, namespace: 'default', name: '', document: { a: 1 }, etag: '', path: '' })
}

test('text that is written before the form was answered is kept', async () => {
  const written = draft()
  written.write('spec:')
  await answers[0]?.('of the form')
  assert.equal(written.text, 'spec:')
})

test('a field that is changed before the text was answered is kept', async () => {
  const changed = draft()
  await answers[0]?.('of the form')
  assert.equal(changed.text, 'of the form')
  changed.write('of the text')
  mock.timers.tick(250)
  await new Promise(setImmediate)
  changed.change(['metadata', 'name'], 'typed')
  await answers[1]?.('of the text')
  assert.equal(changed.value(['metadata', 'name']), 'typed')
})
