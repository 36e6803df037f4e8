// The periods that charts and bands show: one that ends now, or one between two moments; both can be in a URL.

export interface Period {
  id: string
  /** What a sentence calls it: "the last 7 days". */
  words: string
  seconds: number
  /** When it ended, in seconds; undefined: it ends now. */
  endedAt?: number
}

const DAY_S = 86_400
const WEEK: Period = { id: '7d', words: 'the last 7 days', seconds: 7 * DAY_S }
export const DAY: Period = { id: '24h', words: 'the last 24 hours', seconds: DAY_S }

export const PERIODS: readonly Period[] = [
  { id: '1h', words: 'the last hour', seconds: 3600 },
  DAY,
  WEEK,
  { id: '30d', words: 'the last 30 days', seconds: 30 * DAY_S },
]

/** The longest period that the API answers. */
export const LONGEST_S = 90 * DAY_S

/** The period between two moments. */
export function between(fromS: number, toS: number): Period {
  return { id: 'custom', words: 'this period', seconds: toS - fromS, endedAt: toS }
}

/** The period of a URL: `from=24h`, or `from` and `to` in seconds; a week where it names none. */
export function periodOf(from: string, to: string): Period {
  const [start, end] = [secondsIn(from), secondsIn(to)]
  if (problemOf(start, end) === '' && start !== undefined && end !== undefined) return between(start, end)
  return PERIODS.find((each) => each.id === from) ?? WEEK
}

/** The part of a URL that names a period. */
export function asParameters({ id, seconds, endedAt }: Period): { from: string; to: string } {
  if (endedAt === undefined) return { from: id === WEEK.id ? '' : id, to: '' }
  return { from: String(endedAt - seconds), to: String(endedAt) }
}

/** Why there is no period between two moments; an empty text: there is one. */
export function problemOf(fromS: number | undefined, toS: number | undefined): string {
  if (fromS === undefined || toS === undefined) return 'Give a day and a time for both ends.'
  if (fromS >= toS) return 'The end must be later than the beginning.'
  return toS - fromS > LONGEST_S ? 'A period has at most 90 days.' : ''
}

/** When a period begins and ends, in whole seconds. */
export function spanOf({ seconds, endedAt }: Period, nowS: number): { from: number; to: number } {
  const to = endedAt ?? Math.floor(nowS)
  return { from: to - seconds, to }
}

function secondsIn(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined
}
