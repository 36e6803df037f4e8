// What a list shows: its rows as read, searched and put in order, and which are selected. Made while its component is.
import { untrack } from 'svelte'

import { ChosenRows } from '../../live/chosen_rows.svelte.ts'
import { type Loaded, loaded } from '../../live/loaded.svelte.ts'
import { navigation } from '../../live/navigation.svelte.ts'
import type { LoadList, WholeList } from '../../live/whole_list.ts'
import { WholeRows } from '../../live/whole_rows.svelte.ts'
import { type ListField, arranged, listOrder } from '../../rules/list_view.ts'
import { searchQuestion, searchTerms, withoutTerm } from '../../rules/search_tokens.ts'

/** What the list is of. */
export interface ListContent<Row> {
  name: string
  load: LoadList<Row>
  topics: readonly string[]
  fields: readonly ListField<Row>[]
  selectable: boolean
}

export class ListState<Row> {
  readonly chosen: ChosenRows<Row>
  readonly rows: WholeRows<Row>
  readonly document: Loaded<WholeList<Row>>
  readonly #content: () => ListContent<Row>
  #question = $derived.by(() => searchQuestion(navigation.view.q))
  order = $derived.by(() => listOrder(navigation.view.order, this.#content().fields))
  #found = $derived.by(() => {
    const { data } = this.document
    return data === undefined ? [] : arranged(data.rows, this.#content().fields, this.order, this.#question.word)
  })
  /** The selected rows that still exist. */
  picked: readonly Row[] = $derived.by(() => this.rows.all.filter((row) => this.chosen.has(row)))

  constructor(content: () => ListContent<Row>, keyOf: (row: Row) => string) {
    this.#content = content
    this.chosen = new ChosenRows(keyOf)
    this.rows = new WholeRows(keyOf)
    this.document = loaded(() => {
      const { name, load, topics } = content()
      const selectors = this.#selectors()
      return {
        key: ['list', name, selectors.toString()],
        load: (signal) => load(selectors, signal),
        topics,
        pauseMs: 8000,
      }
    })
    // The outside world: what was read is shown.
    $effect(() => {
      const [name, found] = [this.name, this.#found]
      untrack(() => this.rows.show(name, found))
    })
  }

  /** What the grid needs to know of the selection. */
  readonly selection = {
    isNone: () => this.picked.length === 0,
    get none(): boolean {
      return this.isNone()
    },
    has: (row: Row) => this.chosen.has(row),
    toggle: (row: Row) => this.#content().selectable && this.chosen.toggle(row),
    add: (rows: Iterable<Row>) => this.#content().selectable && this.chosen.add(rows),
    selectAll: () => this.#content().selectable && this.chosen.add(this.rows.all),
    clear: () => this.chosen.clear(),
  }

  /** Names what is shown: the list, its order and the search. */
  get name(): string {
    const { q, order } = navigation.view
    return `${this.#content().name} ${order} ${q}`
  }

  /** Whether the server left rows out because of comparisons in the search. */
  get isSearchedByServer(): boolean {
    return this.#selectors().size > 0
  }

  /** How many rows match. */
  get matching(): number {
    return this.#found.length
  }

  /** What would show more rows again. */
  get filters(): readonly { does: string; remove: () => void }[] {
    const { q } = navigation.view
    return searchTerms(q).map((term) => ({
      does: `Without “${term.text}”`,
      remove: () => navigation.see({ q: withoutTerm(q, term) }),
    }))
  }

  /** After something was done with the selected rows: nothing is selected, and the list is read again. */
  done(): void {
    this.chosen.clear()
    this.rows.again(true)
    this.document.again()
  }

  /** The comparisons of the search, which the server makes. */
  #selectors(): URLSearchParams {
    const query = new URLSearchParams()
    for (const selector of this.#question.fieldSelector) query.append('fieldSelector', selector)
    for (const selector of this.#question.labelSelector) query.append('labelSelector', selector)
    return query
  }
}
