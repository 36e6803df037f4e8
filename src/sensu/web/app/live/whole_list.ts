// A list of the API read as a whole, page by page: `load={wholeList('/api/core/v2/namespaces/default/hooks', readHook)}`.
import { listOf } from '../rules/outside.ts'
import { type Outcome, answered } from '../wire/outcomes.ts'
import { ask } from '../wire/requests.ts'

/** What was read; `more` says that there are others, which only a search finds. */
export interface WholeList<Row> {
  rows: readonly Row[]
  more: boolean
}

/** Reads a list; `selectors` are the comparisons of the search. */
export type LoadList<Row> = (selectors: URLSearchParams, signal: AbortSignal) => Promise<Outcome<WholeList<Row>>>

const PAGE = 500
/** The number of resources that are read at most. */
export const MOST_ROWS = 5000

/** Reads the resources at a path until the end, or up to 5,000 of them. */
export function wholeList<Row>(path: string, read: (resource: unknown) => Row): LoadList<Row> {
  return async (selectors, signal) => {
    const rows: Row[] = []
    const query = new URLSearchParams(selectors)
    query.set('limit', String(PAGE))
    for (;;) {
      const page = await ask(`${path}?${query.toString()}`, (answer) => listOf(answer).map(read), { signal })
      if (page.kind !== 'answered') return page
      rows.push(...page.data)
      if (page.next === '' || rows.length >= MOST_ROWS) return answered({ rows, more: page.next !== '' })
      query.set('continue', page.next)
    }
  }
}
