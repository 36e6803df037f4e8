// The events of a namespace in groups, live: `grouped.show(namespace, view)`, `grouped.follow(namespace)`, `grouped.rows`.
import type { ChosenRows } from '../../live/chosen_rows.svelte.ts'
import { searchState } from '../../live/search_state.svelte.ts'
import { stream } from '../../live/stream.svelte.ts'
import { toasts } from '../../live/toasts.svelte.ts'
import { WholeRows } from '../../live/whole_rows.svelte.ts'
import { rowsQuery } from '../../rules/event_filter.ts'
import {
  type EventGroup,
  type EventGroups,
  type GroupedItem,
  itemKey,
  itemsOf,
  readEventGroups,
} from '../../rules/event_groups.ts'
import { type EventRow, allEvents, readEventRow } from '../../rules/event_rows.ts'
import { groupedBy } from '../../rules/grouped_by.ts'
import { listOf, recordOf, textOf } from '../../rules/outside.ts'
import { topicOf } from '../../rules/tick.ts'
import type { View } from '../../rules/view_of_url.ts'
import type { Refused, Unreachable } from '../../wire/outcomes.ts'
import { ask, pathOf } from '../../wire/requests.ts'

/** How many groups are shown, how many events of an open one, and how many of one can be selected. */
export const MOST_GROUPS = 500
const SHOWN = 100
const SELECTED = 1000
const PART = 500
/** Groups by name are counted by the store; for others, events are read one by one. */
const READ_AT_MOST_EVERY_MS = { names: 1000, fields: 5000 }

const FIRST = { offset: 0, limit: 0, next: '' }

export class GroupedList {
  readonly rows = new WholeRows<GroupedItem>(itemKey)
  answer = $state.raw<EventGroups | undefined>(undefined)
  problem = $state.raw<Refused | Unreachable | undefined>(undefined)
  /** Names what is shown. */
  name = $state('')
  #loaded = $state.raw<ReadonlyMap<string, readonly EventRow[]>>(new Map())
  readonly #chosen: ChosenRows<EventRow>
  #namespace = ''
  #view: View | undefined
  #run = new AbortController()
  #readAtMs = 0
  /** Somebody asked for what is being read, so lines may move. */
  #moves = false
  #planned: ReturnType<typeof setTimeout> | undefined

  constructor(chosen: ChosenRows<EventRow>) {
    this.#chosen = chosen
  }

  /** Shows what a view asks for; where only other groups are open, the groups stay. */
  show(namespace: string, view: View): void {
    const name = `${namespace}?${view.group}&${rowsQuery({ ...view, order: '', cols: [] }, FIRST)}`
    const isNew = name !== this.name
    const query = rowsQuery(view, FIRST)
    const isOther = isNew || this.#view === undefined || rowsQuery(this.#view, FIRST) !== query
    this.#namespace = namespace
    this.#view = view
    this.name = name
    if (isOther) this.#loaded = new Map()
    if (isNew) this.answer = undefined
    if (isNew) void this.#read()
    else void this.#readOpen().then(() => this.#arrange(true))
    this.#arrange(true)
  }

  /** Follows the changes of a namespace until the returned function is called. */
  follow(namespace: string): () => void {
    return stream.follow([`events:${namespace}`], {
      tick: (tick) => {
        if (topicOf(tick, `events:${namespace}`) !== undefined) this.#readSoon()
      },
      again: () => this.again(),
    })
  }

  /** Reads the groups again, and puts them in order. */
  again(): void {
    void this.#read(true)
  }

  /** Ends all requests. */
  close(): void {
    clearTimeout(this.#planned)
    this.#run.abort()
  }

  /** Whether all events of a group are selected. */
  isChosen(group: EventGroup): boolean {
    const rows = this.#loaded.get(group.name) ?? []
    return (
      this.#chosen.all ||
      (rows.length > 0 && rows.length >= allEvents(group) && rows.every((row) => this.#chosen.has(row)))
    )
  }

  /** Selects all events of a group, or takes them out. */
  async choose(group: EventGroup): Promise<void> {
    if (allEvents(group) > SELECTED) {
      toasts.say(`At most ${SELECTED.toLocaleString()} events can be selected at once through their group.`)
      return
    }
    if (this.isChosen(group)) {
      for (const row of this.#loaded.get(group.name) ?? []) this.#chosen.toggle(row)
      return
    }
    const rows = await this.#rowsOf(group.name, SELECTED)
    if (rows !== undefined) this.#chosen.add(rows)
  }

  #readSoon(): void {
    if (this.#planned !== undefined || this.answer === undefined) return
    const every = this.#view?.group.startsWith('label:') ? READ_AT_MOST_EVERY_MS.fields : READ_AT_MOST_EVERY_MS.names
    const waitMs = Math.max(0, this.#readAtMs + every - performance.now())
    this.#planned = setTimeout(() => void this.#read(), waitMs)
  }

  async #read(moves = false): Promise<void> {
    this.#moves ||= moves
    this.#run.abort()
    this.#run = new AbortController()
    clearTimeout(this.#planned)
    this.#planned = undefined
    this.#readAtMs = performance.now()
    const { signal } = this.#run
    const [outcome] = await Promise.all([
      this.#ask('groups', MOST_GROUPS, {}, readEventGroups, signal),
      this.#readOpen(true),
    ])
    if (signal.aborted) return
    this.problem = outcome.kind === 'answered' ? undefined : outcome
    searchState.take(this.#view?.q ?? '', outcome)
    if (outcome.kind === 'answered') this.answer = outcome.data
    this.#arrange(this.#moves)
    this.#moves = false
  }

  /** Reads the events of the groups that are open and not yet loaded, or of all that are open. */
  async #readOpen(all = false): Promise<void> {
    const { open = [] } = this.#view ?? {}
    const wanted = open.filter((name) => all || !this.#loaded.has(name))
    await Promise.all(wanted.map((name) => this.#rowsOf(name, Math.max(SHOWN, this.#loaded.get(name)?.length ?? 0))))
  }

  /** Reads the events of a group, up to a number. */
  async #rowsOf(group: string, most: number): Promise<readonly EventRow[] | undefined> {
    const { signal } = this.#run
    const rows: EventRow[] = []
    let [offset, next] = [0, '']
    for (;;) {
      const limit = Math.min(PART, most - offset)
      const part = await this.#ask('rows', limit, { group, offset: String(offset), next }, readPart, signal)
      if (signal.aborted || part.kind !== 'answered') return undefined
      rows.push(...part.data.rows)
      next = part.data.next
      if (next === '' && (rows.length < offset + limit || rows.length >= most)) break
      if (next === '') offset = rows.length
    }
    this.#loaded = new Map([...this.#loaded, [group, rows]])
    return rows
  }

  #ask<T>(
    what: string,
    limit: number,
    more: Readonly<Record<string, string>>,
    read: (body: unknown) => T,
    signal: AbortSignal,
  ) {
    const view = this.#view
    const query = new URLSearchParams(view === undefined ? '' : rowsQuery(view, { ...FIRST, limit }))
    query.set('by', groupedBy(view?.group ?? '') ?? '')
    for (const [name, value] of Object.entries(more)) if (value !== '' || name === 'group') query.set(name, value)
    const path = pathOf('/api/sensu/v1/namespaces/{}/events/{}', this.#namespace, what)
    return ask(`${path}?${query.toString()}`, read, { signal })
  }

  /** Shows what was read; lines move where somebody asked for it, even while the order is kept. */
  #arrange(moves = false): void {
    const { answer } = this
    if (answer === undefined) return
    if (moves) this.rows.again(true)
    this.rows.show(
      this.name,
      itemsOf(answer.groups, this.#view?.open ?? [], (name) => this.#loaded.get(name)?.slice(0, SHOWN)),
    )
  }
}

/** The selection of a grouped list: groups are all of their events. */
export class GroupedSelection {
  readonly #list: GroupedList
  readonly #chosen: ChosenRows<EventRow>

  constructor(list: GroupedList, chosen: ChosenRows<EventRow>) {
    this.#list = list
    this.#chosen = chosen
  }

  get none(): boolean {
    return this.#chosen.none
  }

  has(item: GroupedItem): boolean {
    if (item.kind === 'event') return this.#chosen.has(item.row)
    return item.kind === 'group' && this.#list.isChosen(item.group)
  }

  toggle(item: GroupedItem): void {
    if (item.kind === 'event') this.#chosen.toggle(item.row)
    else if (item.kind === 'group') void this.#list.choose(item.group)
  }

  add(items: Iterable<GroupedItem>): void {
    this.#chosen.add([...items].flatMap((item) => (item.kind === 'event' ? [item.row] : [])))
  }

  selectAll(): void {
    this.#chosen.selectAll()
  }

  clear(): void {
    this.#chosen.clear()
  }
}

function readPart(body: unknown): { rows: readonly EventRow[]; next: string } {
  const { rows, next } = recordOf(body)
  return { rows: listOf(rows).map(readEventRow), next: textOf(next) }
}
