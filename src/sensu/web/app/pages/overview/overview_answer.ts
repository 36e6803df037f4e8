// What the overview pages load, and where their numbers lead.
import { pathTo } from '../../rules/routes.ts'
import { type Status, STATUSES } from '../../rules/status.ts'
import { changedQuery } from '../../rules/view_of_url.ts'
import type { components } from '../../wire/schema'
import { PAGES } from '../all_pages.ts'

type Schemas = components['schemas']
export type Overview = Schemas['Overview']
export type Incident = Schemas['EventRow']
export type NamespaceParts = Schemas['NamespaceParts']

/** Changes are read at once, but in a storm of them at most this often: the counts follow the stream. */
export const PAUSE_MS = 8000

/** The path of a list of events of these statuses; undefined while there is no such page. */
export function eventsPath(namespace: string, status: readonly Status[], silenced?: boolean): string | undefined {
  return PAGES.has('events') ? pathTo('events', { ns: namespace }) + changedQuery('', { status, silenced }) : undefined
}

/** The path of a page in a namespace; undefined while there is no such page. */
export function pagePath(page: string, params: Readonly<Record<string, string>>): string | undefined {
  return PAGES.has(page) ? pathTo(page, params) : undefined
}

/** What became of an incident, in words; `bad` marks those that nobody was notified of. */
export function handledInWords(incident: Incident): { words: string; bad: boolean } {
  const [silence] = incident.silenced
  if (silence !== undefined) return { words: `silenced by ${silence}`, bad: false }
  const words = new Map([
    ['delivered', 'delivered'],
    ['partly', 'delivered in part'],
    ['filtered', 'kept back by a filter'],
    ['waiting', 'delivery pending'],
    ['failed', 'not delivered'],
    ['none', 'no handler'],
  ])
  return {
    words: words.get(incident.handled) ?? 'handling is not recorded',
    bad: incident.handled === 'failed' || incident.handled === 'none',
  }
}

/** The statuses that are incidents. */
export const INCIDENTS: readonly Status[] = STATUSES.filter((status) => status !== 'passing')
