// What the list of checks asks for, and which of its rows the stream says changed.
import { type CheckRow, readCheckRow } from '../../rules/check_rows.ts'
import { searchQuestion } from '../../rules/search_tokens.ts'
import { type Tick, topicOf } from '../../rules/tick.ts'
import type { Column } from '../../parts/table/list_page.svelte'

export const CHECK_ROWS = { read: readCheckRow, keyOf: (row: CheckRow) => row.name }

export const COLUMNS: readonly Column[] = [
  { name: 'name', title: 'Check', width: 'minmax(8rem, 1.4fr)' },
  { name: 'schedule', title: 'Schedule', width: 'minmax(7rem, 1fr)' },
  { name: 'subscriptions', title: 'Subscriptions → agents', width: 'minmax(9rem, 1.4fr)', fromPx: 820 },
  { name: 'results', title: 'Results', width: 'minmax(5rem, 8rem)' },
  { name: 'last', title: 'Last slot', width: 'minmax(7rem, 1fr)', fromPx: 720 },
  { name: 'handlers', title: 'Handled by', width: 'minmax(7rem, 1fr)', fromPx: 980 },
  { name: 'problems', title: 'Problems', width: 'minmax(7rem, 1.2fr)' },
]

/** The parameters of the rows endpoint. Empty flags do not filter. */
export function checkQuery(text: string, order: string, published: string, problem: string): URLSearchParams {
  const { word, fieldSelector, labelSelector } = searchQuestion(text)
  const query = new URLSearchParams()
  for (const [name, value] of [
    ['order', order === 'name' ? 'name' : ''],
    ['word', word],
    ['published', published],
    ['problem', problem],
  ] as const)
    if (value !== '') query.append(name, value)
  for (const selector of fieldSelector) query.append('fieldSelector', selector)
  for (const selector of labelSelector) query.append('labelSelector', selector)
  return query
}

/** The topics that say that rows of checks changed. */
export function checkTopics(namespace: string): string[] {
  return [`resources:checks:${namespace}`, `events:${namespace}`]
}

/** Whether a tick is about checks or their results. */
export function touchesChecks(tick: Tick, namespace: string): boolean {
  return checkTopics(namespace).some((topic) => topicOf(tick, topic) !== undefined)
}
