// Tests of bench.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { groupOf, readBench } from './bench.ts'

test('an answer of the bench is read, and each event has its group', () => {
  const result = readBench({
    judged: 4,
    sample: [
      { entity: 'a', passes: true, stored_passes: false, expressions: [{ expression: 'x', value: true }] },
      { entity: 'b', passes: true, stored_passes: true, expressions: [{ expression: 'x', value: null, error: 'no' }] },
      { entity: 'c', passes: true, stored_passes: null, expressions: [] },
      { entity: 'd', passes: false, stored_passes: false },
    ],
  })
  assert.deepEqual(result.sample.map(groupOf), ['differs', 'error', 'passes', 'kept back'])
  assert.equal(result.sample[1]?.values[0]?.value, undefined)
  assert.equal(readBench('nonsense').judged, 0)
})
