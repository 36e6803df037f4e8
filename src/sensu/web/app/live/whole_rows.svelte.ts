// The rows of a list that is loaded as a whole, as a virtual grid wants them: `rows.show(name, sorted)`, `rows.freeze(pointed)`.
import { untrack } from 'svelte'

import { keptRows } from '../rules/list_view.ts'

const NONE: ReadonlySet<string> = new Set()

export class WholeRows<Row> {
  total = $derived.by(() => this.#shown.length)
  /** Rows that came or would move, while the order is kept. */
  waiting = $state(0)
  /** Counts the times that rows may have moved. */
  moved = $state(0)
  #shown = $state.raw<readonly Row[]>([])
  #gone = $state.raw<ReadonlySet<string>>(NONE)
  #next: readonly Row[] = []
  #name: string | undefined
  #frozen = false
  #moves = false
  readonly #keyOf: (row: Row) => string

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf
  }

  /** The rows that are shown and still exist. */
  get all(): readonly Row[] {
    return this.#shown.filter((row) => !this.isLeaving(row))
  }

  /** Shows rows in their order; under another name, or if nothing is pointed at, they may move. */
  show(name: string, rows: readonly Row[]): void {
    this.#next = rows
    if (name !== this.#name) this.#moves = true
    this.#name = name
    this.#apply()
  }

  /** Puts the rows in order; with `soon`, when they are shown the next time. */
  again(soon = false): void {
    this.#moves = true
    if (!soon) this.#apply()
  }

  row(place: number): Row | undefined {
    return this.#shown[place]
  }

  placeOf(key: string): number {
    return this.#shown.findIndex((row) => this.#keyOf(row) === key)
  }

  /** All rows are there already. */
  see(): void {}

  /** Keeps the places of the rows for as long as it is frozen. */
  freeze(frozen: boolean): void {
    if (frozen === this.#frozen) return
    this.#frozen = frozen
    if (!frozen) untrack(() => this.#apply())
  }

  /** Whether a row went and is shown until rows may move. */
  isLeaving(row: Row): boolean {
    return this.#gone.has(this.#keyOf(row))
  }

  #apply(): void {
    const keeps = this.#frozen && !this.#moves
    this.#moves = false
    const { rows, gone, waiting } = keeps
      ? keptRows(this.#shown, this.#next, this.#keyOf)
      : { rows: this.#next, gone: NONE, waiting: 0 }
    this.#shown = rows
    this.#gone = gone
    this.waiting = waiting
    this.moved += 1
  }
}
