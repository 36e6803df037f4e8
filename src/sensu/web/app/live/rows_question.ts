// What a list of rows asks and is answered: the interfaces of `WindowedRows`, which do not depend on what the rows are of.
import type { Outcome } from '../wire/outcomes.ts'

/** An answer: rows from an offset on, and how many there are. Without `complete`, `next` goes on searching. */
export interface RowsAnswer<Row> {
  rows: readonly Row[]
  total: number
  revision: number
  searched: number
  complete: boolean
  next: string
}

export interface RowsPart {
  offset: number
  limit: number
  next: string
}

/** Which list is shown. Lists with the same name are the same list. */
export interface RowsQuestion<Row> {
  name: string
  load(part: RowsPart, signal: AbortSignal): Promise<Outcome<RowsAnswer<Row>>>
  keyOf(row: Row): string
  /** Whether a row that changed is in the list; undefined: only the server knows. */
  fits(row: Row): boolean | undefined
  /** Whether a row that changed stands elsewhere now. */
  moves(before: Row, after: Row): boolean
}

/** What changed, from the stream. */
export interface RowChanges<Row> {
  changed: readonly Row[]
  gone: readonly string[]
  more: boolean
}
