// What the command palette offers: entries by section, those that match what is typed, and where a found name leads.
import { ROUTES, pathTo, placeOf } from './routes.ts'

/** One entry: a path to go to, or an action to do. */
export interface PaletteEntry {
  section: 'Here' | 'Namespaces' | 'Go to' | 'Recent' | 'Settings'
  shown: string
  hint: string
  href?: string
  action?: string
  keys?: readonly string[]
}

/** A resource or event that the server found by its name. */
export interface FoundName {
  resource: string
  namespace: string
  name: string
}

const SECTIONS: readonly PaletteEntry['section'][] = ['Here', 'Go to', 'Recent', 'Namespaces', 'Settings']
const SECTIONS_AT_FIRST: readonly PaletteEntry['section'][] = ['Recent', 'Namespaces', 'Here', 'Go to', 'Settings']
const MOST = 12

/** The entries that contain every word, by section; with nothing typed, what was opened last and the namespaces come first. */
export function matching(entries: readonly PaletteEntry[], typed: string): PaletteEntry[] {
  const words = typed.toLowerCase().split(/\s+/)
  const found = entries.filter(({ shown, hint }) => {
    const text = `${shown} ${hint}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const order = typed.trim() === '' ? SECTIONS_AT_FIRST : SECTIONS
  return order.flatMap((section) => found.filter((entry) => entry.section === section).slice(0, MOST))
}

/** Where a found name leads; undefined: it has no page. */
export function pathOfFound({ resource, namespace, name }: FoundName, pages: ReadonlySet<string>): string | undefined {
  if (resource === 'namespaces') return pathTo('overview', { ns: name })
  if (resource === 'events') {
    const slash = name.indexOf('/')
    return pathTo('event', { ns: namespace, entity: name.slice(0, slash), check: name.slice(slash + 1) })
  }
  const segment = resource === 'silenced' ? 'silences' : resource
  const route = ROUTES.find(({ pattern }) => pattern === `/n/:ns/${segment}/:name`)
  return route !== undefined && pages.has(route.page) ? pathTo(route.page, { ns: namespace, name }) : undefined
}

/** What a page of one resource is called among the recent ones; undefined for other pages. */
export function recentTitle(path: string): { shown: string; hint: string } | undefined {
  const place = placeOf(path)
  if (place === undefined) return undefined
  const { ns = '', entity, check, name } = place.params
  const shown = entity !== undefined && check !== undefined ? `${entity}/${check}` : name
  return shown === undefined ? undefined : { shown, hint: `${place.route.title.toLowerCase()} in ${ns}` }
}
