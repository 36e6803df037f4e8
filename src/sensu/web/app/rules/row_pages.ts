// Which pages of a long list are read, and which are kept.

/** How many rows a page has. */
export const PAGE_ROWS = 100
const PAGES_AHEAD = 2
const PAGES_KEPT = 60

/** The rows that are seen, and whether the view moves up or down. */
export interface Seen {
  first: number
  end: number
  direction: 'up' | 'down'
}

/** The pages that should be there, the most urgent first: those that are seen, then those that come next. */
export function wantedPages(seen: Seen, total: number): number[] {
  const last = Math.max(0, Math.ceil(total / PAGE_ROWS) - 1)
  const [from, to] = [pageOf(seen.first), Math.min(last, pageOf(Math.max(seen.first, seen.end - 1)))]
  const wanted = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
  for (let ahead = 1; ahead <= PAGES_AHEAD; ahead += 1)
    wanted.push(seen.direction === 'down' ? to + ahead : from - ahead)
  return wanted.filter((page) => page >= 0 && page <= last)
}

/** The page of a row. */
export function pageOf(index: number): number {
  return Math.floor(index / PAGE_ROWS)
}

/** The pages to forget, of those that are kept in the order in which they were last seen. */
export function pagesToForget(bySeen: readonly number[], wanted: readonly number[]): number[] {
  const spare = bySeen.filter((page) => !wanted.includes(page))
  return spare.slice(0, Math.max(0, bySeen.length - PAGES_KEPT))
}
