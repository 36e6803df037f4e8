// Tests of global_config.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { changedSettings, draftOf, readSettings } from './global_config.ts'

const KEPT = {
  type: 'GlobalConfig',
  metadata: { name: 'custom', created_by: 'ann' },
  spec: {
    catalog: { url: 'https://x' },
    signin_message: 'hello',
    default_preferences: { page_size: 50, theme: 'dark' },
  },
}

test('fields that the page does not edit stay as they are', () => {
  const kept = readSettings([KEPT, { metadata: { name: 'more' } }])
  assert.deepEqual(kept.others, ['more'])
  const draft = { ...draftOf(kept), theme: 'light', frameAncestors: 'https://a.example\nhttps://b.example' }
  const changed = changedSettings(kept, draft)
  assert.deepEqual(changed['metadata'], KEPT.metadata)
  assert.deepEqual(changed['spec'], {
    catalog: { url: 'https://x' },
    signin_message: 'hello',
    silence_reason_optional: false,
    frame_ancestors: ['https://a.example', 'https://b.example'],
    default_preferences: { page_size: 50, theme: 'light' },
  })
})

test('without a configuration there is a new one to edit', () => {
  const kept = readSettings([])
  assert.deepEqual([kept.name, kept.others], ['web-ui', []])
  assert.deepEqual(draftOf(kept), { signinMessage: '', theme: '', reasonOptional: false, frameAncestors: '' })
})
