// Tests of outcomes.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { whyRefused } from './outcomes.ts'

test("both error shapes of the API and plain texts become the server's sentence", () => {
  assert.equal(
    whyRefused(400, { message: 'interval must be greater than 0', code: 3 }),
    'interval must be greater than 0',
  )
  assert.equal(whyRefused(404, { Code: 404, Message: 'not found' }), 'not found')
  assert.equal(whyRefused(400, 'position 5: expected a value\n'), 'position 5: expected a value')
})

test('a refusal without words still says something', () => {
  assert.equal(whyRefused(403, undefined), 'Your roles do not allow this.')
  assert.equal(whyRefused(502, '<html>Bad gateway</html>'), 'The backend does not answer.')
  assert.equal(whyRefused(418, ''), 'The backend answered with status 418.')
})

test('a huge refusal is cut', () => {
  assert.equal(whyRefused(400, 'x'.repeat(1_000_000)).length, 2000)
})
