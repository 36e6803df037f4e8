// Tests of text from outside in one line.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { plainText } from './plain_text.ts'

test('a line is shown without terminal colours, control characters and turned directions', () => {
  assert.equal(plainText('\u001b[31mred\u001b[0m, a\u0000b\tc, \u202edesrever'), 'red, a·b c, desrever')
  assert.equal(plainText('\u001b'), '')
  assert.equal(plainText('\u001b[12'), '')
})

test('other writing systems and emoji stay as they are', () => {
  assert.equal(plainText('القرص ٩٧٪ 🔥 <b>'), 'القرص ٩٧٪ 🔥 <b>')
})
