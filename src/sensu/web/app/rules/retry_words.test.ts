// Tests of retry_words.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { retryInWords } from './retry_words.ts'

test('a handler without a policy has the defaults', () => {
  assert.equal(retryInWords({}), 'up to 1 more try, after 5 s, then it is a dead letter')
})

test('pauses double up to the longest one', () => {
  const handler = { retry_attempts: 6, retry_delay: 10, retry_delay_max: 120, fallback_handler: 'mail' }
  assert.equal(retryInWords(handler), 'up to 6 more tries, after 10 s … 2 min, then mail')
})

test('a handler may want no further try', () => {
  assert.equal(retryInWords({ retry_attempts: 0 }), 'no further try, then it is a dead letter')
})
