// Rows that left a list and stay in view for a moment: where they stand, and which row of the list stands at a place.

/** Where a row that left is shown, as an index among all that is shown. */
export interface HeldRow<Row> {
  at: number
  key: string
  row: Row
}

/** Held rows in the order of their places, each at a place of its own. */
export function sortedHeld<Row>(held: readonly HeldRow<Row>[]): HeldRow<Row>[] {
  const sorted = held.toSorted((one, other) => one.at - other.at)
  let free = 0
  return sorted.map((each) => {
    const at = Math.max(each.at, free)
    free = at + 1
    return { ...each, at }
  })
}

/** What is shown at a place: a held row, or the row of the list with this index. `held` is sorted. */
export function shownAt<Row>(place: number, held: readonly HeldRow<Row>[]): HeldRow<Row> | number {
  let before = 0
  for (const each of held) {
    if (each.at === place) return each
    if (each.at > place) break
    before += 1
  }
  return place - before
}

/** The place at which the row of the list with this index is shown. */
export function placeOfRow<Row>(index: number, held: readonly HeldRow<Row>[]): number {
  let place = index
  for (const each of held) if (each.at <= place) place += 1
  return place
}
