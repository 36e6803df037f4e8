// Tests of event_stream.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { streamReader } from './event_stream.ts'

const TEXT = ': alive\n\nid: 7\nevent: tick\ndata: {"a":\ndata: 1}\n\nid: 8\nevent: tick\ndata: {}\n\n'
const EVENTS = [
  { event: 'tick', id: '7', data: '{"a":\n1}' },
  { event: 'tick', id: '8', data: '{}' },
]

test('events are read whole', () => {
  assert.deepEqual(streamReader().read(TEXT), EVENTS)
})

test('it does not matter where the network cuts the text', () => {
  for (let at = 0; at < TEXT.length; at += 1) {
    const reader = streamReader()
    assert.deepEqual([...reader.read(TEXT.slice(0, at)), ...reader.read(TEXT.slice(at))], EVENTS)
  }
})

test('signs of life have no data, but may have an id to go on behind', () => {
  assert.deepEqual(streamReader().read(': alive\n\nid: 9\n: alive\n\n'), [{ event: 'alive', id: '9', data: '' }])
})

test('a stream that never ends an event does not fill the memory', () => {
  const reader = streamReader()
  assert.throws(() => {
    for (;;) reader.read('x'.repeat(500_000))
  }, /too long/)
})
