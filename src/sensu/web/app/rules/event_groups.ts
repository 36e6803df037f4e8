// Groups of events: by what the URL groups them, what the API answers, and how groups and the rows in them follow each other in a list.
import { type EventCounts, type EventRow, allEvents, eventKey, readEventCounts } from './event_rows.ts'
import { groupedBy, groupedByInWords } from './grouped_by.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { withTerm } from './search_tokens.ts'
import { STATUSES } from './status.ts'
import type { View } from './view_of_url.ts'
import { counted, numberInWords } from './words.ts'

/** A group, and how many of its events have which status; `name` is empty for events without the label. */
export type EventGroup = EventCounts & { readonly name: string }

/** The groups of an answer. Without `complete`, more events match than were counted. */
export interface EventGroups {
  groups: readonly EventGroup[]
  /** How many groups and events there are. */
  total: number
  events: number
  complete: boolean
  /** The numbers of the whole namespace. */
  counts: EventCounts
}

/** A line of a grouped list: a group, an event of an open group, or what an open group has besides the events shown. */
export type GroupedItem =
  | { kind: 'group'; group: EventGroup; isOpen: boolean }
  | { kind: 'event'; group: EventGroup; row: EventRow }
  | { kind: 'rest'; group: EventGroup; shown: number }

/** The groups of an answer of the API. */
export function readEventGroups(body: unknown): EventGroups {
  const answer = recordOf(body)
  return {
    groups: listOf(answer['groups']).map(readGroup),
    total: numberOf(answer['total']),
    events: numberOf(answer['events']),
    complete: answer['complete'] !== false,
    counts: readEventCounts(answer['counts']),
  }
}

function readGroup(value: unknown): EventGroup {
  return { name: textOf(recordOf(value)['name']), ...readEventCounts(value) }
}

/** The numbers of a group in words: "20 critical, 1 warning, 3 of them silenced". */
export function groupInWords(group: EventGroup): string {
  const parts = STATUSES.filter((status) => group[status] > 0).map(
    (status) => `${numberInWords(group[status])} ${status}`,
  )
  if (group.silenced > 0)
    parts.push(group.silenced === allEvents(group) ? 'silenced' : `${group.silenced} of them silenced`)
  return parts.join(', ')
}

/** What a group is called: its name, or which label its events do not have. */
export function groupName(group: EventGroup, by: string): string {
  return group.name === '' ? `without ${groupedByInWords(by)}` : group.name
}

/** The lines of a grouped list: each group, and behind an open one its events as far as they are loaded. */
export function itemsOf(
  groups: readonly EventGroup[],
  open: readonly string[],
  rowsOf: (group: string) => readonly EventRow[] | undefined,
): GroupedItem[] {
  return groups.flatMap((group): GroupedItem[] => {
    const isOpen = open.includes(group.name)
    const rows = isOpen ? (rowsOf(group.name) ?? []) : []
    const rest: GroupedItem[] =
      rows.length > 0 && rows.length < allEvents(group) ? [{ kind: 'rest', group, shown: rows.length }] : []
    return [
      { kind: 'group', group, isOpen },
      ...rows.map((row): GroupedItem => ({ kind: 'event', group, row })),
      ...rest,
    ]
  })
}

/** What identifies a line. */
export function itemKey(item: GroupedItem): string {
  return JSON.stringify([item.kind, item.kind === 'event' ? eventKey(item.row) : item.group.name])
}

/** The words of the last line of an open group. */
export function restInWords({ group, shown }: { group: EventGroup; shown: number }): string {
  return `${counted(allEvents(group) - shown, 'more event')} in this group: show them as a list`
}

/** The view that lists the events of a group; undefined where the search has no words for it. */
export function viewOfGroup(view: View, group: EventGroup): Partial<View> | undefined {
  const field = { check: 'event.check.name', entity: 'event.entity.name' }[view.group] ?? groupedBy(view.group) ?? ''
  if (group.name === '' || /['"]/.test(group.name)) return undefined
  const named = /^[\w./]+$/.test(field) ? field : `'${field}'`
  return { q: withTerm(view.q, `${named} == '${group.name}'`), group: '', open: [] }
}
