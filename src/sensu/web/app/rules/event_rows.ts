// Rows of events as the API gives them, read from answers and ticks, and how lists of them are ordered.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { type Status, severityRank, statusOf } from './status.ts'

/** What handling an event came to. */
export type Handled = 'delivered' | 'partly' | 'filtered' | 'waiting' | 'failed' | 'none' | 'unknown'

/** A row of a list of events. Times are Unix seconds; `silenced` names the silences that apply now. */
export interface EventRow {
  readonly entity: string
  readonly check: string
  readonly class: string
  readonly status: Status
  readonly state: string
  readonly since: number
  readonly executed: number
  readonly due: number
  readonly occurrences: number
  readonly silenced: readonly string[]
  readonly line: string
  /** The last 21 statuses as digits, the newest last. */
  readonly history: string
  readonly handled: Handled
  readonly columns: Readonly<Record<string, string>>
}

/** How many events a namespace has of each status, and how many of all are silenced. */
export type EventCounts = Readonly<Record<Status | 'silenced', number>>

/** How lists of events can be ordered, and what the order is called. */
export const ORDERS = new Map([
  ['severity', 'severity'],
  ['changed', 'newest change'],
  ['name', 'name'],
])

const HANDLED: readonly Handled[] = ['delivered', 'partly', 'filtered', 'waiting', 'failed', 'none']

/** A row from an answer or a tick. */
export function readEventRow(value: unknown): EventRow {
  const row = recordOf(value)
  const columns = Object.entries(recordOf(row['columns'])).map(([name, column]) => [name, textOf(column)] as const)
  return {
    entity: textOf(row['entity']),
    check: textOf(row['check']),
    class: textOf(row['class']),
    status: statusOf(numberOf(row['status'], 3)),
    state: textOf(row['state']),
    since: numberOf(row['since']),
    executed: numberOf(row['executed']),
    due: numberOf(row['due']),
    occurrences: numberOf(row['occurrences']),
    silenced: listOf(row['silenced']).map((name) => textOf(name)),
    line: textOf(row['line']),
    history: textOf(row['history']),
    handled: HANDLED.find((word) => word === row['handled']) ?? 'unknown',
    columns: Object.fromEntries(columns),
  }
}

/** The counts of an answer or a tick. */
export function readEventCounts(value: unknown): EventCounts {
  const counts = recordOf(value)
  return {
    critical: numberOf(counts['critical']),
    warning: numberOf(counts['warning']),
    unknown: numberOf(counts['unknown']),
    passing: numberOf(counts['passing']),
    silenced: numberOf(counts['silenced']),
  }
}

/** How many events a namespace has. */
export function allEvents(counts: EventCounts): number {
  return counts.critical + counts.warning + counts.unknown + counts.passing
}

/** What identifies an event in its namespace. */
export function eventKey(row: { entity: string; check: string }): string {
  return JSON.stringify([row.entity, row.check])
}

/** Whether an event moves in a list of this order when its row changes. */
export function movesInOrder(order: string, before: EventRow, after: EventRow): boolean {
  if (order === 'name') return false
  const changed = before.since !== after.since
  return order === 'changed' ? changed : changed || severityRank(before.status) !== severityRank(after.status)
}
