// Tests of rows of checks and of what they say in words.
import assert from 'node:assert/strict'
import test from 'node:test'

import {
  allResults,
  problemsInWords,
  readCheckRow,
  resultsInWords,
  scheduleInWords,
  slotInWords,
  worstResult,
} from './check_rows.ts'

const ROW = {
  name: 'http',
  schedule: 'every 10 s',
  published: true,
  next: 20.5,
  subdued: false,
  subscriptions: ['web'],
  agents: 3,
  critical: 5,
  warning: 9,
  unknown: 0,
  passing: 1190,
  last: { at: 10, outcome: 'missed', why: 'backend down' },
  handlers: [],
  pipelines: ['incidents'],
  problems: [{ sort: 'asset-missing', text: 'Asset tools does not exist.' }],
}

test('a row is read as it is, and nothing in it is trusted', () => {
  const row = readCheckRow(ROW)
  assert.equal(row.results.passing, 1190)
  assert.deepEqual(row.last, { at: 10, outcome: 'missed', why: 'backend down' })
  assert.deepEqual(row.problems, [{ sort: 'asset-missing', text: 'Asset tools does not exist.' }])
  const empty = readCheckRow({ name: 5, last: null, problems: 'x', subscriptions: [1, 'web'] })
  assert.equal(empty.name, '')
  assert.equal(empty.last, undefined)
  assert.deepEqual(empty.subscriptions, ['web'])
})

test('results are counted and named, the best first', () => {
  const { results } = readCheckRow(ROW)
  assert.equal(allResults(results), 1204)
  assert.equal(resultsInWords(results), '1,190 passing, 9 warning, 5 critical')
  assert.equal(worstResult(results), 'critical')
  assert.equal(resultsInWords(readCheckRow({}).results), 'no results')
})

test('schedules, slots and problems are said in words', () => {
  assert.equal(scheduleInWords('every 10 s'), 'every 10 s')
  assert.equal(scheduleInWords('every 3600 s'), 'every 1 h')
  assert.equal(scheduleInWords('every 1.5 s'), 'every 1.5 s')
  assert.equal(scheduleInWords('0 22 * * *'), 'cron 0 22 * * *')
  assert.equal(scheduleInWords(''), 'on demand')
  assert.equal(slotInWords({ outcome: 'missed', why: 'backend down' }), 'missed: backend down')
  assert.equal(slotInWords({ outcome: 'subdued', why: 'subdued' }), 'subdued')
  assert.equal(slotInWords({ outcome: 'requested', why: '' }), 'running')
  const problems = ['no-agent', 'asset-missing', 'asset-missing', 'new'].map((sort) => ({ sort, text: '' }))
  assert.equal(problemsInWords(problems), 'no agent, asset missing, new')
})
