// What the virtual grid needs to know of a list: how many rows there are and which are loaded.
export interface RowSource<Row> {
  readonly total: number
  /** Counts the times that rows may have moved. */
  readonly moved: number
  row(place: number): Row | undefined
  placeOf(key: string): number
  see(first: number, end: number): void
  freeze(frozen: boolean): void
  isLeaving(row: Row): boolean
}

/** What the grid needs to know of the selection. */
export interface RowSelection<Row> {
  readonly none: boolean
  has(row: Row): boolean
  toggle(row: Row): void
  add(rows: Iterable<Row>): void
  selectAll(): void
  clear(): void
}
