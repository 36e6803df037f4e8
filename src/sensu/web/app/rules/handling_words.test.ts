// Tests of handling_words.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { markOf, outcomeInWords, workflowName } from './handling_words.ts'

const FACTS = { workflow: '', handler: 'pager', outcome: 'delivered', attempts: 1, filter: '', why: '' }

test('an outcome says what happened, how often it was tried and why not', () => {
  assert.equal(outcomeInWords(FACTS), 'informed')
  assert.equal(outcomeInWords({ ...FACTS, attempts: 2 }), 'informed after 2 tries')
  assert.equal(outcomeInWords({ ...FACTS, outcome: 'filtered', filter: 'office-hours' }), 'filtered by office-hours')
  assert.equal(
    outcomeInWords({ ...FACTS, outcome: 'given up', attempts: 5, why: 'exit status 1' }),
    'given up after 5 tries: exit status 1',
  )
})

test('what was kept back on purpose does not look like a failure, and what failed does', () => {
  assert.deepEqual(['delivered', 'filtered', 'waiting', 'given up', 'something new'].map(markOf), [
    'done',
    'kept',
    'waiting',
    'failed',
    'failed',
  ])
})

test('a workflow is called by its pipeline and its own name', () => {
  assert.equal(workflowName('core/v2.Pipeline(Name=incidents)/page'), 'incidents/page')
  assert.equal(workflowName('handler pager'), 'handler pager')
})
