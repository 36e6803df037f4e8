// Tests of indentation.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { movedLines, newLineAt } from './indentation.ts'

test('a new line is as far right as the one before, and one step further behind a colon', () => {
  assert.equal(newLineAt('spec:', 5), '\n  ')
  assert.equal(newLineAt('spec:\n  command: true', 21), '\n  ')
  assert.equal(newLineAt('spec:\n  handlers:  ', 19), '\n    ')
  assert.equal(newLineAt('', 0), '\n')
})

test('the lines that are selected move together', () => {
  const text = 'spec:\n  a: 1\n\n  b: 2\nend: 1'
  assert.deepEqual(movedLines({ text, from: 8, to: 16 }, true), { text: '    a: 1\n\n    b: 2', from: 6, to: 20 })
  assert.deepEqual(movedLines({ text, from: 8, to: 8 }, false), { text: 'a: 1', from: 6, to: 12 })
})
