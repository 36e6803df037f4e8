// The clusters of a federation: paths, requests through the gateway, and what is listed.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { baseOf, readClusters, requestPath } from './clusters.ts'

void test('a path says its cluster', () => {
  assert.equal(baseOf('/c/alpha/n/default/events'), '/c/alpha')
  assert.equal(baseOf('/c/a%20b'), '/c/a%20b')
  assert.equal(baseOf('/n/default/events'), '')
})

void test('requests about another cluster go through the gateway, those about this browser do not', () => {
  const events = '/api/core/v2/namespaces/default/events'
  assert.equal(requestPath(events, '/c/alpha'), `/api/sensu/v1/clusters/alpha${events}`)
  assert.equal(requestPath('/health', '/c/alpha'), '/api/sensu/v1/clusters/alpha/health')
  assert.equal(requestPath(events, ''), events)
  for (const own of ['/auth/session', '/api/sensu/v1/preferences', '/api/sensu/v1/clusters'])
    assert.equal(requestPath(own, '/c/alpha'), own)
})

void test('a cluster that cannot be asked has a reason instead of namespaces', () => {
  const answer = {
    always_show_local_cluster: false,
    clusters: [
      { name: 'local-cluster', local: true, namespaces: ['default'], error: '' },
      { name: 'b b', local: false, namespaces: [], error: 'lost' },
    ],
  }
  assert.deepEqual(readClusters(answer), {
    headed: true,
    clusters: [
      { name: 'local-cluster', base: '', namespaces: ['default'], error: '' },
      { name: 'b b', base: '/c/b%20b', namespaces: [], error: 'lost' },
    ],
  })
  assert.equal(readClusters({ clusters: [answer.clusters[0]] }).headed, false)
})
