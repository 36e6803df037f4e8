// What the list of deliveries asks for, and which ticks say that it changed.
import type { Column } from '../../parts/table/list_page.svelte'
import { type DeliveryRow, readDeliveryRow } from '../../rules/deliveries.ts'
import { searchQuestion } from '../../rules/search_tokens.ts'
import { type Tick, topicOf } from '../../rules/tick.ts'

export const DELIVERY_ROWS = { read: readDeliveryRow, keyOf: (row: DeliveryRow) => row.name }

export const COLUMNS: readonly Column[] = [
  { name: 'event', title: 'Event', width: 'minmax(9rem, 1.2fr)' },
  { name: 'handlers', title: 'To', width: 'minmax(5rem, 0.8fr)' },
  { name: 'error', title: 'Last error', width: 'minmax(9rem, 2fr)' },
  { name: 'attempts', title: 'Tried', width: 'minmax(5rem, 0.6fr)', fromPx: 820 },
  { name: 'next', title: 'Next attempt', width: 'minmax(6rem, 0.8fr)' },
  { name: 'event_at', title: 'Since', width: 'minmax(5rem, 0.6fr)', fromPx: 720 },
]

/** What is listed besides the search: a state, handlers joined by commas, and an error after a colon; empty for any. */
export interface DeliveryFilter {
  order: string
  state: string
  handlers: string
  why: string
}

/** The parameters of the rows endpoint. */
export function deliveryQuery(text: string, { order, state, handlers, why }: DeliveryFilter): URLSearchParams {
  const query = new URLSearchParams()
  const { word } = searchQuestion(text)
  for (const [name, value] of Object.entries({ order: order === 'oldest' ? order : '', word, state }))
    if (value !== '') query.append(name, value)
  for (const handler of handlers.split(',')) if (handler !== '') query.append('handler', handler)
  if (why !== '') query.append('error', why.slice(1))
  return query
}

/** Whether a tick is about the deliveries of a namespace. */
export function touchesDeliveries(tick: Tick, namespace: string): boolean {
  return topicOf(tick, `deliveries:${namespace}`) !== undefined
}
