// Tests of keys.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { KEY_BINDINGS, NO_KEYS, type PressedKey, pressed, shownKeys } from './keys.ts'

function key(name: string, more: Partial<PressedKey> = {}): PressedKey {
  return {
    key: name,
    ctrl: false,
    meta: false,
    alt: false,
    shift: false,
    inField: false,
    ...more,
  }
}

test('a single key acts, and never in a text field', () => {
  assert.equal(pressed(NO_KEYS, key('s'), 0, true).action, 'silence')
  assert.equal(pressed(NO_KEYS, key('s', { inField: true }), 0, true).action, undefined)
})

test('single keys can be switched off, and combinations still work', () => {
  assert.equal(pressed(NO_KEYS, key('s'), 0, false).action, undefined)
  assert.equal(pressed(NO_KEYS, key('k', { ctrl: true }), 0, false).action, 'palette')
  assert.equal(pressed(NO_KEYS, key('k', { meta: true, inField: true }), 0, true).action, 'palette')
})

test('g and then a letter goes to a page, if the letter comes soon', () => {
  const { state, action } = pressed(NO_KEYS, key('g'), 1000, true)
  assert.equal(action, undefined)
  assert.equal(pressed(state, key('o'), 1500, true).action, 'go:overview')
  assert.equal(pressed(state, key('o'), 9000, true).action, 'open')
})

test('a sequence that leads nowhere is forgotten', () => {
  const { state } = pressed(NO_KEYS, key('g'), 0, true)
  const next = pressed(state, key('q'), 10, true)
  assert.deepEqual(next, { state: NO_KEYS })
})

test('capital letters are other keys than small ones', () => {
  assert.equal(pressed(NO_KEYS, key('c'), 0, true).action, 'copy_link')
  assert.equal(pressed(NO_KEYS, key('C', { shift: true }), 0, true).action, 'copy_yaml')
})

test("the browser's own combinations stay the browser's", () => {
  for (const name of ['t', 'w', 'l', 'r', 'f', 'c', 'v'])
    assert.equal(pressed(NO_KEYS, key(name, { ctrl: true }), 0, true).action, undefined)
  assert.equal(pressed(NO_KEYS, key('s', { alt: true }), 0, true).action, undefined)
})

test('no two actions share keys, and no key begins a sequence and acts too', () => {
  const keys = KEY_BINDINGS.map((binding) => binding.keys)
  assert.equal(new Set(keys).size, keys.length)
  for (const one of keys) assert.ok(!keys.some((other) => other.startsWith(`${one} `)))
})

test('keys are shown as they are written on the keyboard', () => {
  assert.deepEqual(shownKeys('palette', false), ['Ctrl', 'K'])
  assert.deepEqual(shownKeys('palette', true), ['⌘', 'K'])
  assert.deepEqual(shownKeys('go:overview', false), ['G', 'O'])
  assert.deepEqual(shownKeys('nothing', false), [])
})
