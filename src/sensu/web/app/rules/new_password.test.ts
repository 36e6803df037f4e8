// Tests of new_password.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { newPasswordProblem } from './new_password.ts'

test('a password is counted in characters, as the backend counts', () => {
  assert.equal(newPasswordProblem('12345678'), '')
  assert.equal(newPasswordProblem('🔑'.repeat(8)), '')
  assert.equal(newPasswordProblem('🔑'.repeat(7)), 'A password has at least 8 characters, not 7.')
})
