// Tests of ansi.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ansiPieces, firstLineOf, visible } from './ansi.ts'

const ESC = '\u001b'

test('colours become names of classes and end where they are reset', () => {
  assert.deepEqual(ansiPieces(`a ${ESC}[1;31mred${ESC}[0m b`), [
    { text: 'a ', classes: [] },
    { text: 'red', classes: ['ansi-red', 'ansi-bold'] },
    { text: ' b', classes: [] },
  ])
  assert.deepEqual(ansiPieces(`${ESC}[92mok${ESC}[39m.`), [
    { text: 'ok', classes: ['ansi-green'] },
    { text: '.', classes: [] },
  ])
})

test('a colour of many is passed over with its numbers', () => {
  assert.deepEqual(ansiPieces(`${ESC}[38;5;31mx${ESC}[38;2;1;4;31my`), [
    { text: 'x', classes: [] },
    { text: 'y', classes: [] },
  ])
})

test('sequences that would steer a terminal are removed', () => {
  assert.deepEqual(ansiPieces(`${ESC}[2J${ESC}]0;title\u0007${ESC}]8;;http://evil\u001b\\here`), [
    { text: 'here', classes: [] },
  ])
})

test('control characters and changes of direction are visible, markup stays text', () => {
  assert.equal(visible('a\u0000b\u202ec\r\nd\te'), 'a␀b[U+202E]c\nd\te')
  assert.deepEqual(ansiPieces('<script>{{x}}</script>'), [{ text: '<script>{{x}}</script>', classes: [] }])
})

test('the first line of an output has no colours and a greatest length', () => {
  assert.equal(firstLineOf(`\n${ESC}[31mconnect${ESC}[0m refused\r\nmore`), 'connect refused')
  assert.equal(firstLineOf('x'.repeat(1_000_000), 10), `${'x'.repeat(10)}…`)
})

test('an output of colours alone has few pieces', () => {
  const pieces = ansiPieces(`${ESC}[31mx`.repeat(100_000))
  assert.ok(pieces.length <= 5001)
  assert.equal(pieces.map(({ text }) => text).join('').length, 100_000)
})
