// The periods that the status band of an event can show.

export interface Period {
  id: string
  words: string
  seconds: number
}

const WEEK: Period = { id: '7d', words: '7 days', seconds: 604_800 }

export const PERIODS: readonly Period[] = [
  { id: '1h', words: 'hour', seconds: 3600 },
  { id: '24h', words: '24 hours', seconds: 86_400 },
  WEEK,
  { id: '30d', words: '30 days', seconds: 2_592_000 },
]

/** The period of a URL; a week where it names none. */
export function periodOf(id: string): Period {
  return PERIODS.find((each) => each.id === id) ?? WEEK
}
