// Tests of documents that several parts of a page show: when they are read, what is kept, and for how long.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'

import { type Outcome, answered, refused } from '../wire/outcomes.ts'
import { patientFetch } from '../wire/patience.ts'
import { keptDocument } from './kept_documents.svelte.ts'

let nowMs = 0
let requests: { signal: AbortSignal; answer: (outcome: Outcome<string[]>) => void }[] = []
let number = 0

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(performance, 'now', () => nowMs)
  nowMs += 1_000_000
  requests = []
  number += 1
})
afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function load(signal: AbortSignal): Promise<Outcome<string[]>> {
  return new Promise((answer) => requests.push({ signal, answer }))
}

async function answer(at: number, outcome: Outcome<string[]>): Promise<void> {
  requests[at]?.answer(outcome)
  await new Promise(setImmediate)
}

function pass(forMs: number): void {
  nowMs += forMs
  mock.timers.tick(forMs)
}

/** A document of this test. */
const checks = () => keptDocument<string[]>(`checks ${number}`)

test('parts of a page that show the same share one request', async () => {
  checks().show((signal) => load(signal))
  checks().show((signal) => load(signal))
  await answer(0, answered(['http']))
  assert.equal(requests.length, 1)
  assert.deepEqual(checks().data, ['http'])
  assert.equal(checks().reading, false)
})

test('a refusal does not take away what was read', async () => {
  checks().show(load)
  await answer(0, answered(['http']))
  checks().read(load)
  await answer(1, refused(503, 'The backend is starting or busy.'))
  assert.equal(checks().outcome?.kind, 'refused')
  assert.deepEqual(checks().data, ['http'])
})

test('what did not change is the same value, so that nothing is drawn again', async () => {
  checks().show(load)
  await answer(0, answered(['http']))
  const { data } = checks()
  checks().read(load)
  await answer(1, answered(['http']))
  assert.equal(checks().data, data)
})

test('a change during a request is read after it', async () => {
  checks().show(load)
  checks().read(load)
  checks().read(load)
  assert.equal(requests.length, 1)
  await answer(0, answered(['http']))
  assert.equal(requests.length, 2)
  assert.equal(checks().reading, true)
  await answer(1, answered(['http', 'disk']))
  assert.deepEqual(checks().data, ['http', 'disk'])
  assert.equal(requests.length, 2)
})

test('an answer is fresh for 2 s, unless something was written meanwhile', async () => {
  mock.method(globalThis, 'fetch', () => Promise.resolve(new Response()))
  checks().show(load)
  await answer(0, answered(['http']))
  pass(1900)
  checks().show((signal) => load(signal))
  assert.equal(requests.length, 1)
  await patientFetch(new Request('http://localhost/checks/http', { method: 'PUT', body: '{}' }))
  checks().show((signal) => load(signal))
  assert.equal(requests.length, 2)
  await answer(1, answered(['http']))
  pass(2100)
  checks().show((signal) => load(signal))
  assert.equal(requests.length, 3)
})

test('a request that nobody waits for is given up, and not if somebody else shows the document at once', async () => {
  const leave = checks().show(load)
  leave()
  const other = checks().show((signal) => load(signal))
  pass(1)
  assert.equal(requests[0]?.signal.aborted, false)
  other()
  pass(1)
  assert.equal(requests[0]?.signal.aborted, true)
  checks().show(load)
  await answer(1, answered(['http']))
  await answer(0, answered(['old']))
  assert.deepEqual(checks().data, ['http'])
})

test('what nobody shows is kept for five minutes, and read again when it is shown', async () => {
  const leave = checks().show(load)
  await answer(0, answered(['http']))
  leave()
  pass(290_000)
  assert.deepEqual(checks().data, ['http'])
  checks().show(load)()
  assert.equal(requests.length, 2)
  pass(301_000)
  assert.equal(checks().data, undefined)
})

test('of what nobody shows, the newest hundred are kept', async () => {
  const leave = checks().show(load)
  await answer(0, answered(['http']))
  leave()
  for (let each = 0; each < 99; each += 1) keptDocument(`other ${each} ${number}`)
  assert.deepEqual(checks().data, ['http'])
  for (let each = 0; each < 101; each += 1) keptDocument(`another ${each} ${number}`)
  assert.equal(checks().data, undefined)
})

test('when the window is seen again, what is shown and old is read again', async () => {
  checks().show(load)
  await answer(0, answered(['http']))
  checks().refresh()
  assert.equal(requests.length, 1)
  pass(2100)
  checks().refresh()
  assert.equal(requests.length, 2)
})
