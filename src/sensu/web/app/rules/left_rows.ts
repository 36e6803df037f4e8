// Rows that left a list and are shown for a moment longer: until when, and what a newer answer says about them.

/** For how long a row that left is shown, where nothing keeps the order of the list for longer. */
export const SHOWN_MS = 5000

/** The keys of the rows that left, and when each did. */
export type LeftRows = ReadonlyMap<string, number>

/** An answer: the keys of its rows, and when it was asked for. */
export interface ReadKeys {
  keys: ReadonlySet<string>
  askedMs: number
}

/** The rows without those that are back: an answer has them that was asked for after they left. */
export function withoutReturned(left: LeftRows, { keys, askedMs }: ReadKeys): LeftRows {
  return new Map([...left].filter(([key, leftMs]) => !keys.has(key) || leftMs >= askedMs))
}

/** The rows whose moment is over. */
export function pastRows(left: LeftRows, nowMs: number): string[] {
  return [...left].flatMap(([key, leftMs]) => (nowMs - leftMs >= SHOWN_MS ? [key] : []))
}

/** The rows without some of them. */
export function withoutRows(left: LeftRows, keys: readonly string[]): LeftRows {
  return new Map([...left].filter(([key]) => !keys.includes(key)))
}
