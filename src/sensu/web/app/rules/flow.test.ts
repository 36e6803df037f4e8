// Tests of flow.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { handlerOf, readFlow, secondsInWords, stepInWords, stepsOf, sumsOf, workflowsOf } from './flow.ts'

const [FLOW] = readFlow({
  workflows: [
    {
      pipeline: 'incidents',
      workflow: 'page',
      handler: 'pager',
      in: 57,
      filters: [{ name: 'is_incident', passed: 21, kept_back: 36, errors: 0 }],
      mutator: { well: 21, failed: 0 },
      delivered: 11,
      failed: 2,
      waiting: 1,
      dead: 0,
      median_s: 0.42,
      p95_s: 1,
      last_error: { at: 7, text: 'refused' },
    },
  ],
})
const PIPELINE = {
  workflows: [
    {
      name: 'page',
      filters: [{ name: 'is_incident' }, { name: 'new_filter' }],
      mutator: { name: 'slim' },
      handler: { name: 'pager' },
    },
  ],
}

test('a workflow is drawn from what is stored, with the numbers that are known', () => {
  const [workflow] = workflowsOf(PIPELINE)
  assert.ok(workflow)
  const words = stepsOf(workflow, FLOW).map(stepInWords)
  assert.deepEqual(words, [
    'Events: 57 came in, in the last hour',
    'Filter is_incident: 21 passed, 36 kept back',
    'Filter new_filter: 0 passed, 0 kept back',
    'Mutator slim: 21 changed',
    'Handler pager: 11 delivered, 2 failed tries, 1 waiting, 0.4 s median',
  ])
})

test('a workflow without numbers is drawn, too', () => {
  assert.equal(stepsOf({ name: '', filters: [], mutator: '', handler: 'pager' }, undefined).length, 2)
})

test('the sums of several workflows have the last error', () => {
  assert.ok(FLOW)
  const sums = sumsOf([FLOW, { ...FLOW, error: 'older', errorAtS: 1 }])
  assert.deepEqual([sums.delivered, sums.failed, sums.error], [22, 4, 'refused'])
  assert.equal(sumsOf([]).error, '')
})

test('an answer of another shape is empty', () => {
  assert.deepEqual(readFlow(undefined), [])
  assert.deepEqual(workflowsOf({ workflows: 7 }), [])
  const handler = { name: 'logs', type: 'TCPStreamHandler', api_version: 'pipeline/v1' }
  const [streamed] = workflowsOf({ workflows: [{ name: 'w', handler }] })
  assert.equal(streamed?.handler, 'pipeline/v1.TCPStreamHandler(Name=logs)')
  assert.deepEqual(handlerOf('pager'), { kind: 'handlers', name: 'pager' })
  assert.deepEqual(handlerOf('pipeline/v1.TCPStreamHandler(Name=logs)'), { kind: 'tcp-stream-handlers', name: 'logs' })
  assert.equal(handlerOf('other/v1.Kind(Name=logs)'), undefined)
})

test('short durations have a unit that keeps them short', () => {
  assert.deepEqual([0.0004, 0.042, 0.42, 9.96, 42.4].map(secondsInWords), ['1 ms', '42 ms', '0.4 s', '10 s', '42 s'])
})
