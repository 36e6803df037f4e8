// The list of events of a namespace, live: its rows, counts and selection. `list.show(namespace, view)`, `list.follow(namespace)`.
import { announcer } from '../../live/announcer.svelte.ts'
import { ChosenRows } from '../../live/chosen_rows.svelte.ts'
import { clock } from '../../live/clock.svelte.ts'
import type { RowsAnswer, RowsPart } from '../../live/rows_question.ts'
import { searchState } from '../../live/search_state.svelte.ts'
import { stream } from '../../live/stream.svelte.ts'
import { WindowedRows } from '../../live/windowed_rows.svelte.ts'
import { changesInWords, countsInWords } from '../../rules/event_changes.ts'
import { eventFilter, orderOf, passesFilter, rowsQuery } from '../../rules/event_filter.ts'
import {
  type EventCounts,
  type EventRow,
  eventKey,
  movesInOrder,
  readEventCounts,
  readEventRow,
} from '../../rules/event_rows.ts'
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import { type Tick, listChanges, topicOf } from '../../rules/tick.ts'
import type { View } from '../../rules/view_of_url.ts'
import type { Outcome } from '../../wire/outcomes.ts'
import { ask, pathOf } from '../../wire/requests.ts'

const MOST_UNSAID = 1000

interface EventsAnswer extends RowsAnswer<EventRow> {
  counts: EventCounts
}

export class EventList {
  readonly rows = new WindowedRows<EventRow>()
  readonly chosen = new ChosenRows<EventRow>(eventKey)
  /** How many events the namespace has of each status. */
  counts = $state.raw<EventCounts | undefined>(undefined)
  /** Names what is shown: the namespace, the filter and the order. */
  name = $state('')
  /** How many events the groups have that are shown instead of rows; undefined: rows are shown. */
  #grouped = $state<number | undefined>(undefined)
  #again: () => void = () => this.rows.again()
  #columns = ''
  /** What changed since changes were said last: one row an event, or that there are too many. */
  readonly #unsaid = new Map<string, EventRow>()
  #manyUnsaid = false

  /** How many events match the filter. */
  get matching(): number {
    return this.#grouped ?? this.rows.matching
  }

  /** Reads what is shown again. */
  again(): void {
    this.#again()
  }

  /** Says that groups are shown, with how many events, and how they are read again; undefined: rows are shown. */
  group(
    answer: { events: number; counts: EventCounts | undefined } | undefined,
    again: () => void = () => this.rows.again(),
  ): void {
    this.#grouped = answer?.events
    this.#again = again
    if (answer?.counts !== undefined) this.counts = answer.counts
    // The rows that are not shown are not read either.
    this.rows.freeze(answer !== undefined)
  }

  /** Shows what a view asks for. */
  show(namespace: string, view: View): void {
    const filter = eventFilter(view)
    const order = orderOf(view.order)
    const first = rowsQuery(view, { offset: 0, limit: 0, next: '' })
    this.name = `${namespace}?${first}`
    this.#columns = view.cols.join()
    this.rows.ask({
      name: this.name,
      load: (part, signal) => this.#load(namespace, view, part, signal),
      keyOf: eventKey,
      fits: (row) => (passesFilter(filter, row) ? (view.q.trim() === '' ? true : undefined) : false),
      moves: (before, after) => movesInOrder(order, before, after),
    })
  }

  /** Follows the changes of a namespace until the returned function is called. */
  follow(namespace: string): () => void {
    return stream.follow([`events:${namespace}`, `counts:${namespace}`], {
      tick: (tick) => this.#take(namespace, tick),
      again: () => this.rows.again(),
      since: () => this.rows.revision,
    })
  }

  #take(namespace: string, tick: Tick): void {
    const counts = topicOf(tick, `counts:${namespace}`)
    if (counts !== undefined) this.counts = readEventCounts(counts)
    const changes = listChanges(tick, 'events', namespace)
    if (changes === undefined) return
    const changed = changes.changed.map((row) => this.#withColumns(readEventRow(row)))
    const gone = changes.gone.map(([entity = '', check = '']) => eventKey({ entity, check }))
    this.rows.take({ changed, gone, more: changes.more })
    for (const row of changed) this.#unsaid.set(eventKey(row), row)
    if (changes.more || this.#unsaid.size > MOST_UNSAID) {
      this.#manyUnsaid = true
      this.#unsaid.clear()
    }
    announcer.say(() => this.#sentence())
  }

  /** What changed since the last sentence. */
  #sentence(): string {
    const said = this.#manyUnsaid
      ? countsInWords(this.counts)
      : changesInWords([...this.#unsaid.values()], clock.exactS())
    this.#unsaid.clear()
    this.#manyUnsaid = false
    return said
  }

  /** The stream knows nothing of the columns that somebody chose: they stay as they were read. */
  #withColumns(row: EventRow): EventRow {
    if (this.#columns === '') return row
    const before = this.rows.row(this.rows.placeOf(eventKey(row)))
    return before === undefined ? row : { ...row, columns: before.columns }
  }

  async #load(
    namespace: string,
    view: View,
    part: RowsPart,
    signal: AbortSignal,
  ): Promise<Outcome<RowsAnswer<EventRow>>> {
    const path = pathOf('/api/sensu/v1/namespaces/{}/events/rows', namespace)
    const outcome = await ask(`${path}?${rowsQuery(view, part)}`, readAnswer, { signal })
    if (signal.aborted) return outcome
    searchState.take(view.q, outcome)
    if (outcome.kind === 'answered') this.counts = outcome.data.counts
    return outcome
  }
}

function readAnswer(body: unknown): EventsAnswer {
  const answer = recordOf(body)
  return {
    rows: listOf(answer['rows']).map(readEventRow),
    total: numberOf(answer['total']),
    revision: numberOf(answer['revision']),
    searched: numberOf(answer['searched']),
    complete: answer['complete'] !== false,
    next: textOf(answer['next']),
    counts: readEventCounts(answer['counts']),
  }
}
