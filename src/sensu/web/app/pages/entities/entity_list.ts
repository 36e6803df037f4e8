// What the list of entities asks for, and which of its rows the stream says changed.
import type { Column } from '../../parts/table/list_page.svelte'
import { type EntityRow, readEntityRow } from '../../rules/entity_rows.ts'
import { searchQuestion } from '../../rules/search_tokens.ts'
import { type Tick, topicOf } from '../../rules/tick.ts'

export const ENTITY_ROWS = { read: readEntityRow, keyOf: (row: EntityRow) => row.name }

export const COLUMNS: readonly Column[] = [
  { name: 'name', title: 'Entity', width: 'minmax(8rem, 1.5fr)' },
  { name: 'checks', title: 'Checks', width: 'minmax(6.5rem, 8rem)' },
  { name: 'connection', title: 'Connection', width: 'minmax(6.5rem, 9rem)' },
  { name: 'class', title: 'Class', width: '5rem', fromPx: 720 },
  { name: 'platform', title: 'Platform', width: 'minmax(6rem, 1fr)', fromPx: 820 },
  { name: 'subscriptions', title: 'Subscriptions', width: 'minmax(8rem, 1.5fr)' },
  { name: 'seen', title: 'Last seen', width: '6.5rem', isNumber: true },
]

/** The parameters of the rows endpoint. */
export function entityQuery(text: string, order: string, entityClass: string, connected: string): URLSearchParams {
  const { word, fieldSelector, labelSelector } = searchQuestion(text)
  const query = new URLSearchParams()
  for (const [name, value] of [
    ['order', order === 'name' ? 'name' : ''],
    ['word', word],
    ['class', entityClass],
    ['connected', connected],
  ] as const)
    if (value !== '') query.append(name, value)
  for (const selector of fieldSelector) query.append('fieldSelector', selector)
  for (const selector of labelSelector) query.append('labelSelector', selector)
  return query
}

/** The topic that says that rows of entities changed. */
export function entityTopic(namespace: string): string {
  return `entities:${namespace}`
}

/** Whether a tick is about entities or their events. */
export function touchesEntities(tick: Tick, namespace: string): boolean {
  return topicOf(tick, entityTopic(namespace)) !== undefined
}
