// Which events a list shows: the filter of the URL, what the chips above the list change in it, and what the API is asked.
import { fieldsOf } from './event_columns.ts'
import { type EventRow, ORDERS } from './event_rows.ts'
import { searchQuestion } from './search_tokens.ts'
import { STATUSES, type Status } from './status.ts'
import type { View } from './view_of_url.ts'

/** The statuses that are shown, and whether only silenced events, none of them, or all (undefined). */
export interface EventFilter {
  statuses: readonly Status[]
  silenced: boolean | undefined
  /** Nothing is filtered by the URL: incidents that nobody silenced. */
  isDefault: boolean
}

/** One of the chips: a status, or the silenced events. */
export type Chip = Status | 'silenced'

type Changes = Pick<View, 'status' | 'silenced'>

const INCIDENTS: readonly Status[] = STATUSES.filter((status) => status !== 'passing')

/** What the URL asks for. Without status and silenced in it, that is incidents that nobody silenced. */
export function eventFilter(view: Changes): EventFilter {
  if (view.status.length === 0 && view.silenced === undefined)
    return { statuses: INCIDENTS, silenced: false, isDefault: true }
  const statuses = STATUSES.filter((status) => view.status.length === 0 || view.status.includes(status))
  return { statuses, silenced: view.silenced, isDefault: false }
}

/** Whether the events of a chip are among those shown. */
export function isShown(filter: EventFilter, chip: Chip): boolean {
  return chip === 'silenced' ? filter.silenced === true : filter.statuses.includes(chip)
}

/** Whether a chip is all that is shown. */
export function isOnly(filter: EventFilter, chip: Chip): boolean {
  if (chip === 'silenced') return filter.silenced === true && filter.statuses.length === STATUSES.length
  return filter.statuses.length === 1 && filter.statuses[0] === chip && filter.silenced === undefined
}

/** What the URL becomes by a click on a chip: only its events, or what is shown by default if that is so already. */
export function onlyThis(filter: EventFilter, chip: Chip): Changes {
  if (isOnly(filter, chip)) return { status: [], silenced: undefined }
  return chip === 'silenced' ? { status: [], silenced: true } : { status: [chip], silenced: undefined }
}

/** What the URL becomes by a click with Alt: everything that is shown now, without the events of the chip. */
export function withoutThis(filter: EventFilter, chip: Chip): Changes {
  if (chip === 'silenced') return { status: filter.statuses, silenced: false }
  const left = filter.statuses.filter((status) => status !== chip)
  return left.length === 0 ? { status: [], silenced: undefined } : { status: left, silenced: filter.silenced }
}

/** Everything: all statuses, silenced or not. */
export const EVERYTHING: Changes = { status: STATUSES, silenced: undefined }

/** Whether the filter shows everything. */
export function isEverything(filter: EventFilter): boolean {
  return filter.statuses.length === STATUSES.length && filter.silenced === undefined
}

/** Whether an event with such a row passes the filter. Search texts only the server can judge. */
export function passesFilter(filter: EventFilter, row: EventRow): boolean {
  const silenced = row.silenced.length > 0
  return filter.statuses.includes(row.status) && (filter.silenced === undefined || filter.silenced === silenced)
}

/** The query of a request for rows. */
export function rowsQuery(view: View, page: { offset: number; limit: number; next: string }): string {
  const filter = eventFilter(view)
  const { word, fieldSelector, labelSelector } = searchQuestion(view.q)
  const query = new URLSearchParams({ offset: String(page.offset), limit: String(page.limit) })
  query.set('order', orderOf(view.order))
  if (filter.statuses.length < STATUSES.length) query.set('status', filter.statuses.join(','))
  if (filter.silenced !== undefined) query.set('silenced', String(filter.silenced))
  if (word !== '') query.set('word', word)
  for (const selector of fieldSelector) query.append('fieldSelector', selector)
  for (const selector of labelSelector) query.append('labelSelector', selector)
  const fields = fieldsOf(view.cols)
  if (fields.length > 0) query.set('columns', fields.join(','))
  if (page.next !== '') query.set('next', page.next)
  return query.toString()
}

/** The order that the URL asks for; severity where it asks for none that exists. */
export function orderOf(order: string): string {
  return ORDERS.has(order) ? order : 'severity'
}
