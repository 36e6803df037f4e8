// Tests of secrets_providers.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { hasSettings, readProvider } from './secrets_providers.ts'

const provider = (type: string, spec: object) => ({ type, metadata: { name: 'x', created_by: 'ann' }, spec })

test('a provider is listed with its place, and never with its key', () => {
  const vault = readProvider(provider('VaultProvider', { client: { address: 'https://vault', token: 's3cret' } }))
  assert.deepEqual(vault, {
    name: 'x',
    type: 'VaultProvider',
    what: 'Vault',
    place: 'https://vault',
    author: 'ann',
  })
  assert.equal(readProvider(provider('AWSProvider', { client: { region: 'eu-central-1' } })).place, 'eu-central-1')
  assert.equal(readProvider(provider('FileProvider', { directory: '' })).place, 'credentials of systemd')
  assert.equal(readProvider(provider('Env', {})).place, 'its variables')
  assert.equal(readProvider('<html>').name, '')
})

test('the environment has no settings, and a type of a later version is shown by its name', () => {
  assert.equal(hasSettings('Env'), false)
  assert.equal(hasSettings('VaultProvider'), true)
  assert.equal(readProvider(provider('New', {})).what, 'New')
})
