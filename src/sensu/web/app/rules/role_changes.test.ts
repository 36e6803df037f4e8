// Tests of role_changes.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { roleChange } from './role_changes.ts'

const rule = (verbs: string[], resources: string[], names: string[] = []) => ({ verbs, resources, names })

test('verbs and resources that come and go are named together', () => {
  const change = roleChange(
    [rule(['get', 'list'], ['checks', 'hooks'])],
    [rule(['get', 'list', 'delete'], ['checks', 'assets'])],
  )
  assert.deepEqual(change.gained, ['get, list, delete on assets', 'delete on checks'])
  assert.deepEqual(change.lost, ['get, list on hooks'])
})

test('what another rule gives is no loss, and names limit a right', () => {
  const all = rule(['*'], ['*'])
  assert.deepEqual(roleChange([rule(['get'], ['checks']), all], [all]), { gained: [], lost: [] })
  assert.deepEqual(roleChange([], [all]).gained, ['everything on every resource'])
  assert.deepEqual(roleChange([rule(['get'], ['checks'])], [rule(['get'], ['checks'], ['http'])]), {
    gained: [],
    lost: ['get on checks'],
  })
})
