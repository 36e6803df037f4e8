// Tests of client_words.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientInWords } from './client_words.ts'

test('browsers are named with their system, whatever else they claim to be', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
  assert.equal(clientInWords(chrome), 'Chrome on Linux')
  assert.equal(clientInWords(`${chrome.replace('X11; Linux x86_64', 'Windows NT 10.0')} Edg/150.0`), 'Edge on Windows')
  assert.equal(clientInWords('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0'), 'Firefox on Linux')
  assert.equal(
    clientInWords('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1'),
    'Safari on iOS',
  )
})

test('programs are named by their first word, and nothing by a word for it', () => {
  assert.equal(clientInWords('sensuctl/6.9.2 (linux)'), 'sensuctl')
  assert.equal(clientInWords('<img src=x>'), '<img')
  assert.equal(clientInWords(''), 'unknown program')
  assert.equal(clientInWords('x'.repeat(1000)).length, 60)
})
