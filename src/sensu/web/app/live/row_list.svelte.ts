// A list of rows of one kind, of any length, whose changes are told by name: `list.show(path, query)`, `list.follow(topics, touches)`.
import { listOf, numberOf, recordOf } from '../rules/outside.ts'
import type { Tick } from '../rules/tick.ts'
import { type Outcome, answered } from '../wire/outcomes.ts'
import { ask } from '../wire/requests.ts'
import { ChosenRows } from './chosen_rows.svelte.ts'
import { navigation } from './navigation.svelte.ts'
import type { RowsAnswer, RowsPart } from './rows_question.ts'
import { searchState } from './search_state.svelte.ts'
import { stream } from './stream.svelte.ts'
import { WindowedRows } from './windowed_rows.svelte.ts'

/** How rows of a kind are read, and what identifies one. */
export interface RowKind<Row> {
  read: (row: unknown) => Row
  keyOf: (row: Row) => string
}

const PART_ROWS = 500

export class RowList<Row> {
  readonly rows = new WindowedRows<Row>()
  readonly chosen: ChosenRows<Row>
  /** What the last answer says besides rows, such as counts. */
  facts = $state.raw<Readonly<Record<string, unknown>>>({})
  /** Names what is shown. */
  name = $state('')
  readonly kind: RowKind<Row>
  #path = ''
  #query = ''

  constructor(kind: RowKind<Row>) {
    this.kind = kind
    this.chosen = new ChosenRows<Row>(kind.keyOf)
  }

  /** Shows the rows that a path answers for a query, which names filter and order. */
  show(path: string, query: URLSearchParams): void {
    this.#path = path
    this.#query = query.toString()
    this.name = `${path}?${this.#query}`
    this.rows.ask({
      name: this.name,
      load: (part, signal) => this.#load(part, signal),
      keyOf: this.kind.keyOf,
      fits: () => undefined,
      moves: () => true,
    })
  }

  /** Follows topics until the returned function is called; `touches` says whether a tick is about rows of the list. */
  follow(topics: readonly string[], touches: (tick: Tick) => boolean): () => void {
    return stream.follow(topics, {
      tick: (tick) => {
        if (touches(tick)) this.rows.touch()
      },
      again: () => this.rows.again(),
      since: () => this.rows.revision,
    })
  }

  /** The selected rows; where everything that matches is selected, all of them are read, up to a number. */
  async selected(most: number): Promise<Outcome<readonly Row[]>> {
    if (!this.chosen.all) return answered(this.chosen.rows)
    const found: Row[] = []
    const { signal } = new AbortController()
    for (;;) {
      const part = await this.#load({ offset: found.length, limit: PART_ROWS, next: '' }, signal)
      if (part.kind !== 'answered') return part
      found.push(...part.data.rows)
      if (part.data.rows.length < PART_ROWS || found.length >= most) return answered(found.slice(0, most))
    }
  }

  async #load(part: RowsPart, signal: AbortSignal): Promise<Outcome<RowsAnswer<Row>>> {
    const query = `${this.#query}&offset=${part.offset}&limit=${part.limit}`
    const { q } = navigation.view
    const outcome = await ask(`${this.#path}?${query}`, (answer) => answer, { signal })
    if (!signal.aborted) searchState.take(q, outcome)
    if (outcome.kind !== 'answered') return outcome
    const answer = recordOf(outcome.data)
    if (!signal.aborted) this.facts = answer
    const rows = listOf(answer['rows']).map(this.kind.read)
    const total = numberOf(answer['total'])
    return answered({ rows, total, revision: numberOf(answer['revision']), searched: total, complete: true, next: '' })
  }
}
