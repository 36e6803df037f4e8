// Ticks of the live stream: reading them, and merging several into one so that pages are told twice a second at most.
import { isRecord, listOf, recordOf, textOf } from './outside.ts'

/** Rows that changed or went in one list. `more`: there were too many to name, read the list again. */
export interface ListChanges {
  changed: readonly ChangedRow[]
  gone: readonly (readonly string[])[]
  more: boolean
}

/** A row as the list has it; the key is what `gone` names. */
export type ChangedRow = Readonly<Record<string, unknown>>

/** Topic by kind (`counts`, `events`, `resources`, …) and then by what follows it (`default`, `checks:default`). */
export type Tick = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A tick from the text of the stream; an empty one where it is malformed. */
export function readTick(data: unknown): Tick {
  return Object.fromEntries(
    Object.entries(recordOf(data)).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  )
}

/** What a tick says about a list: `listChanges(tick, "events", "default")`, undefined where it says nothing. */
export function listChanges(tick: Tick, kind: string, of: string): ListChanges | undefined {
  const found = tick[kind]?.[of]
  if (!isRecord(found) || !Array.isArray(found['changed'])) return undefined
  return {
    changed: found['changed'].filter(isRecord),
    gone: listOf(found['gone']).map((key) => listOf(key).map((part) => textOf(part))),
    more: found['more'] === true,
  }
}

/** What a tick says about a topic such as "counts:default", undefined where it says nothing. */
export function topicOf(tick: Tick, topic: string): unknown {
  const colon = topic.indexOf(':')
  return colon < 0 ? tick[topic] : tick[topic.slice(0, colon)]?.[topic.slice(colon + 1)]
}

/** Two ticks as one. Of lists the last row of a key wins, named resources add up, of everything else the last value wins. */
export function mergedTick(first: Tick, second: Tick): Tick {
  const kinds = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  return Object.fromEntries(kinds.map((kind) => [kind, mergedKind(recordOf(first[kind]), recordOf(second[kind]))]))
}

function mergedKind(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  return Object.fromEntries(names.map((name) => [name, mergedValue(first[name], second[name])]))
}

function mergedValue(first: unknown, second: unknown): unknown {
  if (second === undefined) return first
  if (Array.isArray(first) && Array.isArray(second)) return mergedNames(first, second)
  if (isRecord(first) && isRecord(second) && 'changed' in first && 'changed' in second) return mergedList(first, second)
  return second
}

/** Names of resources; an empty list stands for too many to name. */
function mergedNames(first: readonly unknown[], second: readonly unknown[]): unknown[] {
  return first.length === 0 || second.length === 0 ? [] : [...new Set([...first, ...second])]
}

function mergedList(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const rows = new Map<string, unknown>()
  const gone = new Map<string, unknown>()
  for (const part of [first, second]) {
    for (const row of listOf(part['changed'])) {
      rows.set(rowKey(row), row)
      gone.delete(rowKey(row))
    }
    for (const key of listOf(part['gone'])) {
      gone.set(JSON.stringify(key), key)
      rows.delete(JSON.stringify(key))
    }
  }
  return {
    changed: [...rows.values()],
    gone: [...gone.values()],
    more: first['more'] === true || second['more'] === true,
  }
}

/** The key of a row as `gone` would name it: entity and check, or the name. */
export function rowKey(row: unknown): string {
  const { entity, check, name } = recordOf(row)
  return JSON.stringify(typeof check === 'string' ? [entity, check] : [name ?? entity])
}

/** How many rows and resources a tick names, for "Connected again. 41 changes."; infinite if there are too many to name. */
export function changesIn(tick: Tick): number {
  const values = Object.values(tick).flatMap((kind) => Object.values(kind))
  return values.map(changesInValue).reduce((sum, count) => sum + count, 0)
}

function changesInValue(value: unknown): number {
  if (Array.isArray(value)) return value.length || Infinity
  if (!isRecord(value)) return 0
  return value['more'] === true ? Infinity : listOf(value['changed']).length + listOf(value['gone']).length
}
