// Which rows of a list are selected: some of them, or all that match its filter without loading them.
import { SvelteMap } from 'svelte/reactivity'

export class ChosenRows<Row> {
  /** Everything that the filter matches is selected. */
  all = $state(false)
  readonly #rows = new SvelteMap<string, Row>()
  readonly #keyOf: (row: Row) => string

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf
  }

  /** How many are selected one by one. */
  get size(): number {
    return this.#rows.size
  }

  get none(): boolean {
    return !this.all && this.#rows.size === 0
  }

  /** The rows that are selected one by one. */
  get rows(): Row[] {
    return [...this.#rows.values()]
  }

  has(row: Row): boolean {
    return this.all || this.#rows.has(this.#keyOf(row))
  }

  /** Selects a row or takes it out; where everything was selected, nothing is afterwards. */
  toggle(row: Row): void {
    const key = this.#keyOf(row)
    if (this.all) this.clear()
    else if (!this.#rows.delete(key)) this.#rows.set(key, row)
  }

  /** Selects rows in addition. */
  add(rows: Iterable<Row>): void {
    if (this.all) return
    for (const row of rows) this.#rows.set(this.#keyOf(row), row)
  }

  selectAll(): void {
    this.#rows.clear()
    this.all = true
  }

  clear(): void {
    this.all = false
    this.#rows.clear()
  }
}
