// Tests of what the page of a check reads and says.
import assert from 'node:assert/strict'
import test from 'node:test'

import { answersInWords, awayAt, copyOf, readCheck, readCheckExplanation, totalsInWords } from './check_facts.ts'

test('settings that are not at their defaults are said in words', () => {
  const check = readCheck({
    metadata: { name: 'http', labels: { team: 'ops' }, created_by: 'ann' },
    command: 'check-http',
    publish: true,
    timeout: 10,
    ttl: 0,
    round_robin: true,
    runtime_assets: ['http', 'tools'],
    check_hooks: [{ critical: ['ps'] }, { '0': null }],
    pipelines: [{ name: 'incidents' }],
    proxy_requests: { entity_attributes: ["entity.entity_class == 'proxy'"], splay: true },
  })
  assert.deepEqual(Object.fromEntries(check.settings), {
    Timeout: '10 s',
    Assets: 'http and tools',
    'Run for entities with': "entity.entity_class == 'proxy'",
    'Spread over the interval': 'yes',
    'Round robin': 'one agent at a time',
  })
  assert.deepEqual(check.hooks, [
    ['critical', ['ps']],
    ['0', []],
  ])
  assert.deepEqual(check.pipelines, ['incidents'])
  assert.equal(check.forProxies, true)
  assert.equal(readCheck({ proxy_requests: null }).forProxies, false)
})

test('slots are read with the oldest first, and what became of them is said', () => {
  const found = readCheckExplanation({
    slots: [
      { at: 20, outcome: 'partly', why: 'agent away', asked: 4, answered: 3, late: 1 },
      { at: 10, outcome: 'executed', why: '', asked: 4, answered: 4, late: 0 },
    ],
    totals: { executed: 58, missed: 1, requested: 1 },
    away: [
      { name: 'web7', since: 15 },
      { name: 'web9', since: 0 },
      { name: 'later', since: 900 },
    ],
  })
  assert.deepEqual(
    found.slots.map(({ at }) => at),
    [10, 20],
  )
  assert.equal(totalsInWords(found.totals), '58 executed, 1 missed')
  const [well, bad] = found.slots
  assert.ok(well !== undefined && bad !== undefined)
  assert.equal(answersInWords(well), '4 of 4 agents answered')
  assert.equal(answersInWords(bad), '3 of 4 agents answered, 1 of them late')
  assert.deepEqual(awayAt(bad, found.away), ['web7'])
})

test('a copy has another name, no author, and does not run', () => {
  const copy = copyOf({ metadata: { name: 'http', namespace: 'default', created_by: 'ann' }, publish: true }, 'http-2')
  assert.deepEqual(copy, { metadata: { name: 'http-2', namespace: 'default' }, publish: false })
})
