// What happened in a namespace over the last day, as small charts show it: a number for each step, or nothing.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { counted, numberInWords } from './words.ts'

export const ACTIVITY = ['incidents', 'changes', 'events', 'delivered', 'failed'] as const
export type ActivityName = (typeof ACTIVITY)[number]

export interface Activity {
  /** Nothing is kept of the namespace, because there are too many. */
  kept: boolean
  /** The numbers of each step, the oldest first; undefined where nothing was counted. */
  series: ReadonlyMap<string, readonly (number | undefined)[]>
}

/** The API's answer. */
export function readActivity(answer: unknown): Activity {
  const { kept, series } = recordOf(answer)
  const read = listOf(series).map((each) => {
    const { name, values } = recordOf(each)
    const numbers = listOf(values).map((value) => (typeof value === 'number' ? numberOf(value) : undefined))
    return [textOf(name), numbers] as const
  })
  return { kept: kept !== false, series: new Map(read) }
}

const NOUNS: Readonly<Record<ActivityName, (count: number) => string>> = {
  incidents: (count) => `at most ${counted(count, 'incident')} at a time`,
  changes: (count) => counted(count, 'state change'),
  events: (count) => counted(count, 'event'),
  delivered: (count) => `${numberInWords(count)} delivered`,
  failed: (count) => `${numberInWords(count)} failed`,
}

/** What a small chart says to somebody who does not see it: "12 state changes in the last 24 hours". */
export function activityInWords(name: ActivityName, values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return 'nothing was counted in the last 24 hours'
  const sum = known.reduce((one, other) => one + other, 0)
  return `${NOUNS[name](name === 'incidents' ? Math.max(...known) : sum)} in the last 24 hours`
}

export interface SparkBar {
  x: number
  height: number
}

/** The bars of a small chart, `height` high; what happened at all is seen. Steps in which nothing was counted have none. */
export function barsOf(values: readonly (number | undefined)[], height: number, least = 1.5): SparkBar[] {
  const greatest = Math.max(1, ...values.map((value) => value ?? 0))
  return values.flatMap((value, x) => {
    if (value === undefined) return []
    return [{ x, height: value === 0 ? least / 3 : Math.max(least, (value / greatest) * height) }]
  })
}
