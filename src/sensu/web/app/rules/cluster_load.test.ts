// Words for the sizes of queues and logs, and how full they are.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { boundLine, databaseInWords } from './cluster_load.ts'

test('a queue that is nearly full is marked, and says what happens when it is full', () => {
  const line = boundLine({ name: 'deliveries', used: 96_000, used_max: 100_000, unit: 'entries' })
  assert.equal(line?.words, '96,000 of 100,000 deliveries (96 %)')
  assert.equal(line.status, 'critical')
  assert.equal(line.atTheBound, 'At the bound new events are held back.')
  assert.equal(boundLine({ name: 'delivery_bytes', used: 85, used_max: 100, unit: 'bytes' })?.status, 'warning')
})

test('a full log is no problem: it drops its oldest entries', () => {
  const line = boundLine({ name: 'result_bytes', used: 1024, used_max: 1024, unit: 'bytes' })
  assert.deepEqual([line?.words, line?.status, line?.share], ['1 KiB of 1 KiB (100 %)', 'passing', 1])
})

test('a bound that this version does not know is left out', () => {
  assert.equal(boundLine({ name: 'rooms', used: 1, used_max: 2, unit: 'entries' }), undefined)
})

test('the database has a name and a size', () => {
  assert.equal(databaseInWords('postgresql', 1.5 * 1024 * 1024), 'PostgreSQL, 1.5 MiB')
})
