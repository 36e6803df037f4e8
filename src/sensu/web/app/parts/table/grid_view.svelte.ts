// What a virtual grid shows and where its cursor is: the state and the moves of `virtual_grid.svelte`, without its elements.
import { rowWindow, scrollTopToShow } from '../../rules/row_window.ts'
import type { RowSelection, RowSource } from './row_source.ts'

/** What the grid is of. */
export interface GridContent<Row> {
  rows: RowSource<Row>
  selection: RowSelection<Row>
  keyOf: (row: Row) => string
}

/** For how long after a key or a scroll somebody counts as being at the list. */
const AT_REST_MS = 5000

export class GridView<Row> {
  /** Of the whole grid and of its head, in px. */
  height = $state(0)
  headHeight = $state(0)
  /** The room for rows. */
  viewHeight = $derived(Math.max(0, this.height - this.headHeight))
  rowHeight = $state(0)
  scrollTop = $state(0)
  /** The place of the row that keys act on. */
  cursor = $state(0)
  /** Somebody pressed a key in the list or scrolled it a moment ago. */
  inUse = $state(false)
  #atRest: ReturnType<typeof setTimeout> | undefined
  readonly #content: () => GridContent<Row>
  /** Where a selection of several rows began. */
  #anchor = 0
  #cursorKey: string | undefined

  constructor(content: () => GridContent<Row>) {
    this.#content = content
  }

  get list() {
    const { rows } = this.#content()
    const { viewHeight, scrollTop } = this
    return { total: rows.total, rowHeight: Math.max(1, this.rowHeight), viewHeight, scrollTop }
  }

  get window() {
    return rowWindow(this.list)
  }

  /** The places whose rows are in the DOM; the row at the cursor stays there when it scrolls away. */
  get places(): number[] {
    const { first, end } = this.window
    const seen = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index)
    const isOutside = this.cursor < this.#content().rows.total && (this.cursor < first || this.cursor >= end)
    return isOutside ? [...seen, this.cursor] : seen
  }

  /** Notes that somebody is at the list now, or (false) went elsewhere. */
  use(inUse = true): void {
    clearTimeout(this.#atRest)
    this.inUse = inUse
    if (inUse) this.#atRest = setTimeout(() => (this.inUse = false), AT_REST_MS)
  }

  /** How far below the top of the list a row is drawn. */
  topOf(place: number): number {
    const { first, offset } = this.window
    return offset + (place - first) * this.list.rowHeight
  }

  /** Moves the cursor, selecting on the way if asked; the answer is the scroll position that shows it. */
  moveTo(to: number, extend: boolean): number {
    const { rows } = this.#content()
    const place = Math.max(0, Math.min(rows.total - 1, to))
    if (extend) this.#addBetween(place, this.cursor)
    else this.#anchor = place
    this.put(place)
    return scrollTopToShow(place, this.list)
  }

  /** Puts the cursor on a row that is in view. */
  put(place: number): void {
    const { rows, keyOf } = this.#content()
    this.cursor = place
    const row = rows.row(place)
    this.#cursorKey = row === undefined ? undefined : keyOf(row)
  }

  /** After rows moved: the cursor stays on its row if that is still near, and within the list. */
  follow(): void {
    const { rows, keyOf } = this.#content()
    const place = this.#cursorKey === undefined ? -1 : rows.placeOf(this.#cursorKey)
    this.cursor = place >= 0 ? place : Math.max(0, Math.min(this.cursor, rows.total - 1))
    const row = rows.row(this.cursor)
    if (this.#cursorKey === undefined && row !== undefined && this.cursor > 0) this.#cursorKey = keyOf(row)
  }

  /** Selects a row or takes it out, or with `extend` selects everything from the row before; false: the row left the list. */
  select(place: number, extend: boolean): boolean {
    const { rows, selection } = this.#content()
    const row = rows.row(place)
    if (row === undefined || (rows.isLeaving(row) && !selection.has(row))) return false
    if (extend) this.#addBetween(place, this.#anchor)
    else selection.toggle(row)
    this.#anchor = place
    return true
  }

  #addBetween(one: number, other: number): void {
    const { rows, selection } = this.#content()
    const [from, to] = [Math.min(one, other), Math.max(one, other)]
    const between = Array.from({ length: to - from + 1 }, (_, index) => rows.row(from + index))
    selection.add(between.flatMap((row) => (row === undefined || rows.isLeaving(row) ? [] : [row])))
  }
}
