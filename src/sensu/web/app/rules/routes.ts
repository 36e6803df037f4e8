// The table of all pages: which path shows which page, what its menu entry and title are, and which right it needs.
import { BASE, baseOf } from './clusters.ts'
import { type Route, kindRoutes } from './kind_routes.ts'

export type { Route, Section } from './kind_routes.ts'

/** A path that belongs to a page, and the names in it. */
export interface Place {
  route: Route
  params: Readonly<Record<string, string>>
}

/** Every route, in the order of the navigation; of two that match a path the first one counts. */
export const ROUTES: readonly Route[] = [
  { page: 'sign_in', pattern: '/sign-in', title: 'Sign in' },
  {
    page: 'overview',
    pattern: '/n/:ns/',
    title: 'Overview',
    needs: ['list', 'events'],
    section: 'main',
    key: 'o',
  },
  { page: 'all_namespaces', pattern: '/', title: 'All namespaces' },
  {
    page: 'events',
    pattern: '/n/:ns/events',
    title: 'Events',
    needs: ['list', 'events'],
    section: 'main',
    key: 'v',
    searches: 'events',
  },
  {
    page: 'event',
    pattern: '/n/:ns/events/:entity/:check',
    title: 'Event',
    needs: ['get', 'events'],
  },
  {
    page: 'entities',
    pattern: '/n/:ns/entities',
    title: 'Entities',
    needs: ['list', 'entities'],
    section: 'main',
    key: 'e',
    searches: 'entities',
  },
  {
    page: 'entity_form',
    pattern: '/n/:ns/entities/new',
    title: 'New entity',
    needs: ['create', 'entities'],
  },
  {
    page: 'entity_form',
    pattern: '/n/:ns/entities/:name/edit',
    title: 'Edit entity',
    needs: ['update', 'entities'],
  },
  {
    page: 'entity',
    pattern: '/n/:ns/entities/:name',
    title: 'Entity',
    needs: ['get', 'entities'],
  },
  {
    page: 'checks',
    pattern: '/n/:ns/checks',
    title: 'Checks',
    needs: ['list', 'checks'],
    section: 'main',
    key: 'c',
    searches: 'checks',
  },
  {
    page: 'check_form',
    pattern: '/n/:ns/checks/new',
    title: 'New check',
    needs: ['create', 'checks'],
  },
  {
    page: 'check_form',
    pattern: '/n/:ns/checks/:name/edit',
    title: 'Edit check',
    needs: ['update', 'checks'],
  },
  {
    page: 'check',
    pattern: '/n/:ns/checks/:name',
    title: 'Check',
    needs: ['get', 'checks'],
  },
  {
    page: 'silences',
    pattern: '/n/:ns/silences',
    title: 'Silences',
    needs: ['list', 'silenced'],
    section: 'main',
    key: 's',
    searches: 'silences',
  },
  {
    page: 'silence_form',
    pattern: '/n/:ns/silences/new',
    title: 'New silence',
    needs: ['create', 'silenced'],
  },
  {
    page: 'silence',
    pattern: '/n/:ns/silences/:name',
    title: 'Silence',
    needs: ['get', 'silenced'],
  },
  {
    page: 'services',
    pattern: '/n/:ns/services',
    title: 'Services',
    needs: ['list', 'service-components'],
    section: 'main',
  },
  ...kindRoutes(),
  {
    page: 'deliveries',
    pattern: '/n/:ns/deliveries',
    title: 'Deliveries',
    needs: ['list', 'deliveries'],
    section: 'handling',
    key: 'd',
    searches: 'deliveries',
  },
  {
    page: 'delivery',
    pattern: '/n/:ns/deliveries/:id',
    title: 'Delivery',
    needs: ['get', 'deliveries'],
  },
  {
    page: 'access',
    pattern: '/access/:part',
    title: 'Access',
    needs: ['list', 'clusterrolebindings'],
  },
  {
    page: 'access',
    pattern: '/access',
    title: 'Access',
    needs: ['list', 'clusterrolebindings'],
    section: 'system',
  },
  {
    page: 'audit',
    pattern: '/audit',
    title: 'Audit',
    needs: ['list', 'audit'],
    section: 'system',
  },
  {
    page: 'secrets_providers',
    pattern: '/secrets-providers',
    title: 'Secrets providers',
    needs: ['list', 'providers'],
  },
  {
    page: 'secrets_provider_form',
    pattern: '/secrets-providers/new/:type',
    title: 'New secrets provider',
    needs: ['create', 'providers'],
  },
  {
    page: 'secrets_provider_form',
    pattern: '/secrets-providers/:name/edit',
    title: 'Edit secrets provider',
    needs: ['update', 'providers'],
  },
  {
    page: 'namespaces',
    pattern: '/namespaces',
    title: 'Namespaces',
    section: 'system',
    key: 'n',
  },
  { page: 'cluster', pattern: '/cluster', title: 'Cluster', section: 'system' },
  {
    page: 'settings',
    pattern: '/settings',
    title: 'Settings',
    needs: ['update', 'config'],
    section: 'system',
  },
  { page: 'account', pattern: '/me', title: 'Your account' },
  { page: 'about', pattern: '/about', title: 'About' },
]

/** The page of a path, or undefined: there is none. Names are decoded; a slash at the end is ignored. */
export function placeOf(path: string): Place | undefined {
  const segments = segmentsOf(path.slice(baseOf(path).length))
  for (const route of ROUTES) {
    const params = matched(segmentsOf(route.pattern), segments)
    if (params !== undefined) return { route, params }
  }
  return undefined
}

/** The path of a page: `pathTo("event", { ns: "default", entity: "web1", check: "http" })`; of a form with a name, to edit it. */
export function pathTo(page: string, params: Readonly<Record<string, string>> = {}): string {
  const fit = ROUTES.filter((each) => each.page === page && namesIn(each.pattern).every((name) => name in params))
  const [route] = fit.sort((one, other) => namesIn(other.pattern).length - namesIn(one.pattern).length)
  if (route === undefined) return '/'
  return BASE + route.pattern.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
}

/** The path of the same page in another namespace (and cluster); a page of one resource becomes the list it belongs to. */
export function inNamespace(place: Place | undefined, namespace: string, base = BASE): string {
  const segments = place === undefined ? [] : segmentsOf(place.route.pattern)
  const list = segments[0] === 'n' ? segments.slice(2, 3).filter((segment) => !segment.startsWith(':')) : []
  return `${base}/n/${encodeURIComponent(namespace)}/${list.join('/')}`
}

/** Where to go after signing in: a path of this site, never another one. */
export function safeTarget(target: string | null): string {
  const isPath = target !== null && /^\/(?![/\\])/.test(target) && !hasControl(target)
  return isPath && !target.startsWith('/sign-in') ? target : '/'
}

function hasControl(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\\')
}

function namesIn(pattern: string): string[] {
  return [...pattern.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

function matched(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: [string, string][] = []
  for (const [index, expected] of pattern.entries()) {
    const found = segments[index] ?? ''
    if (!expected.startsWith(':')) {
      if (found !== expected) return undefined
      continue
    }
    const name = decoded(found)
    if (name === undefined) return undefined
    params.push([expected.slice(1), name])
  }
  return Object.fromEntries(params)
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
