// What the list of silences asks for, and which ticks say that it changed.
import type { Column } from '../../parts/table/list_page.svelte'
import { readSilenceRow, type SilenceRow } from '../../rules/silences.ts'
import { searchQuestion } from '../../rules/search_tokens.ts'
import { type Tick, topicOf } from '../../rules/tick.ts'

export const SILENCE_ROWS = { read: readSilenceRow, keyOf: (row: SilenceRow) => row.name }

export const COLUMNS: readonly Column[] = [
  { name: 'scope', title: 'Silence of', width: 'minmax(9rem, 1.6fr)' },
  { name: 'hits', title: 'Silences now', width: 'minmax(8rem, 1fr)' },
  { name: 'end', title: 'Ends', width: 'minmax(7rem, 1fr)' },
  { name: 'begin', title: 'Begins', width: 'minmax(6rem, 0.8fr)', fromPx: 980 },
  { name: 'creator', title: 'By', width: 'minmax(4rem, 0.6fr)', fromPx: 720 },
  { name: 'reason', title: 'Reason', width: 'minmax(7rem, 1.4fr)', fromPx: 820 },
]

/** How the list can be sorted, and what the order is called. */
export const ORDERS = new Map([
  ['severity', 'severity'],
  ['end', 'next to end'],
  ['begin', 'last begun'],
  ['name', 'name'],
])

/** What is listed besides the search: the order, and flags, of which empty ones do not filter. */
export interface SilenceFilter {
  order: string
  active: string
  idle: string
}

/** The parameters of the rows endpoint. */
export function silenceQuery(text: string, filter: SilenceFilter): URLSearchParams {
  const { word, fieldSelector, labelSelector } = searchQuestion(text)
  const query = new URLSearchParams()
  const order = ORDERS.has(filter.order) ? filter.order : ''
  for (const [name, value] of Object.entries({ order, word, active: filter.active, idle: filter.idle }))
    if (value !== '') query.append(name, value)
  for (const selector of fieldSelector) query.append('fieldSelector', selector)
  for (const selector of labelSelector) query.append('labelSelector', selector)
  return query
}

/** The topics that say that silences, or what they silence, changed. */
export function silenceTopics(namespace: string): string[] {
  return [`resources:silenced:${namespace}`, `counts:${namespace}`]
}

/** Whether a tick is about silences, or what they silence. */
export function touchesSilences(tick: Tick, namespace: string): boolean {
  return silenceTopics(namespace).some((topic) => topicOf(tick, topic) !== undefined)
}
