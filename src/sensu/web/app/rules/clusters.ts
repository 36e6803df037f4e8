// The clusters of a federation: paths of pages in another cluster begin with `/c/NAME`, and requests go through the gateway.
import { listOf, recordOf, textOf } from './outside.ts'

/** A cluster with the namespaces that the caller may see in it, or why it cannot be asked. */
export interface ClusterView {
  name: string
  /** The beginning of paths of its pages; empty for the cluster that serves this page. */
  base: string
  namespaces: readonly string[]
  error: string
}

const GATEWAY = '/api/sensu/v1/clusters'
/** Sessions and preferences belong to this browser. */
const OWN = /^\/(auth|api\/sensu\/v1\/(clusters|preferences))/

/** The beginning of a path that says its cluster; empty for the cluster that serves the page. */
export function baseOf(path: string): string {
  return /^\/c\/[^/]+/.exec(path)?.[0] ?? ''
}

/** The cluster of this page, which stays the same until another page is loaded. */
export const BASE = baseOf('location' in globalThis ? location.pathname : '')

/** Where a request to the API of a page's cluster goes. */
export function requestPath(path: string, base = BASE): string {
  return base !== '' && !OWN.test(path) ? GATEWAY + base.slice(2) + path : path
}

/** The clusters in an answer; headings are needed if there are several, or the installation wants them. */
export function readClusters(answer: unknown): { headed: boolean; clusters: ClusterView[] } {
  const { clusters, always_show_local_cluster: always } = recordOf(answer)
  const read = listOf(clusters).map((each) => {
    const { name, local, namespaces, error } = recordOf(each)
    return {
      name: textOf(name),
      base: local === true ? '' : `/c/${encodeURIComponent(textOf(name))}`,
      namespaces: listOf(namespaces).map((namespace) => textOf(namespace)),
      error: textOf(error),
    }
  })
  return { headed: read.length > 1 || always === true, clusters: read }
}
