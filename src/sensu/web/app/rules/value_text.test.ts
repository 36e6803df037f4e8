// Tests of value_text.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { valueFromText, valueText } from './value_text.ts'

test('what is JSON is read as JSON, and everything else is text', () => {
  const values = ['70', '0.5', 'true', 'null', '["slack"]', '{"type": "number"}', 'slack', '', '7 days', '"70"', '{']
  assert.deepEqual(values.map(valueFromText), [
    70,
    0.5,
    true,
    null,
    ['slack'],
    { type: 'number' },
    'slack',
    '',
    '7 days',
    '70',
    '{',
  ])
})

test('every value is the same after it was shown and read', () => {
  for (const value of [70, 0.5, true, null, ['a', 1], { a: [] }, 'slack', '', '70', 'true', '"', ' x '])
    assert.deepEqual(valueFromText(valueText(value)), value)
})
