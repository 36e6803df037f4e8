// Rows that are read again while the order of a list is kept: they change in place, and those that would move are counted.
import { PAGE_ROWS } from './row_pages.ts'

/** The pages with the newest rows in their present places, and how many rows would move, come or go. */
export function withFreshRows<Row>(
  pages: ReadonlyMap<number, readonly Row[]>,
  first: number,
  fresh: readonly (readonly Row[])[],
  keyOf: (row: Row) => string,
): { pages: Map<number, readonly Row[]>; moved: number } {
  const byKey = new Map(fresh.flat().map((row) => [keyOf(row), row] as const))
  const changed = [...pages].map(([page, rows]) => [page, rows.map((row) => byKey.get(keyOf(row)) ?? row)] as const)
  let moved = 0
  for (const [index, rows] of fresh.entries()) {
    const shown = pages.get(first + index) ?? []
    const longer = Math.max(rows.length, shown.length)
    for (let at = 0; at < longer; at += 1) if (keyAt(rows, at, keyOf) !== keyAt(shown, at, keyOf)) moved += 1
  }
  return { pages: new Map(changed), moved }
}

function keyAt<Row>(rows: readonly Row[], at: number, keyOf: (row: Row) => string): string | undefined {
  const row = rows[at]
  return row === undefined ? undefined : keyOf(row)
}

/** Whether pages that were read are the whole list: from its first one to one that is not full. */
export function isWholeList(first: number, fresh: readonly (readonly unknown[])[]): boolean {
  return first === 0 && (fresh.at(-1)?.length ?? PAGE_ROWS) < PAGE_ROWS
}
