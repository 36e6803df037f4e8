// Silences as the API gives them, and in words: what they apply to, when they end, what they silence now.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { type StatusOrNone, readStatus } from './status.ts'
import { durationInWords, relativeTime } from './time_words.ts'
import { counted, numberInWords } from './words.ts'

/** What a silence applies to; empty texts stand for any. */
export interface SilenceScope {
  readonly subscription: string
  readonly check: string
}

/** When a silence holds: Unix seconds, `expireAt` is 0 if it does not end by itself. */
export interface SilenceTimes {
  readonly begin: number
  readonly expireAt: number
  readonly expireOnResolve: boolean
}

/** A row of a list of silences. */
export interface SilenceRow extends SilenceScope, SilenceTimes {
  readonly name: string
  readonly reason: string
  readonly creator: string
  /** Whether it has begun. */
  readonly active: boolean
  /** What it silences now; if not exact, there may be more. */
  readonly events: number
  readonly failing: number
  readonly worst: StatusOrNone
  readonly exact: boolean
}

/** A row from an answer. */
export function readSilenceRow(value: unknown): SilenceRow {
  const row = recordOf(value)
  return {
    ...readSilence(row),
    active: row['active'] === true,
    events: numberOf(row['events']),
    failing: numberOf(row['failing']),
    worst: readStatus(textOf(row['worst'])) ?? 'none',
    exact: row['exact'] !== false,
  }
}

/** The parts that a row and a stored silence have in common. */
export type SilenceFacts = Omit<SilenceRow, 'active' | 'events' | 'failing' | 'worst' | 'exact'>

/** A stored silence, or the common part of a row. */
export function readSilence(value: unknown): SilenceFacts {
  const silence = recordOf(value)
  return {
    name: textOf(silence['name']) || textOf(recordOf(silence['metadata'])['name']),
    subscription: withoutAny(textOf(silence['subscription'])),
    check: withoutAny(textOf(silence['check'])),
    reason: textOf(silence['reason']),
    creator: textOf(silence['creator']),
    begin: numberOf(silence['begin']),
    expireAt: Math.max(0, numberOf(silence['expire_at'])),
    expireOnResolve: silence['expire_on_resolve'] === true,
  }
}

function withoutAny(text: string): string {
  return text === '*' ? '' : text
}

const OF_ENTITY = 'entity:'
const HOUR_S = 3600
const DAY_S = 86_400

/** What a silence applies to, in words: "web1/http", "every check of web1", "http on hosts with linux". */
export function scopeOf({ subscription, check }: SilenceScope): string {
  if (subscription === '') return check === '' ? 'everything' : `${check} on every entity`
  if (subscription.startsWith(OF_ENTITY)) {
    const entity = subscription.slice(OF_ENTITY.length)
    return check === '' ? `every check of ${entity}` : `${entity}/${check}`
  }
  return check === '' ? `every check of subscription ${subscription}` : `${check} of subscription ${subscription}`
}

/** The entity of a silence of one entity; empty for others. */
export function entityOf({ subscription }: SilenceScope): string {
  return subscription.startsWith(OF_ENTITY) ? subscription.slice(OF_ENTITY.length) : ''
}

/** When a silence ends, in words: "in 23 min", "when resolved", "never". */
export function endOf({ expireAt, expireOnResolve }: SilenceTimes, nowS: number, utc = false): string {
  if (expireAt === 0) return expireOnResolve ? 'when resolved' : 'never'
  const leftS = expireAt - nowS
  const end =
    leftS > HOUR_S && leftS < DAY_S * 2 ? `in ${durationInWords(leftS)}` : relativeTime(expireAt, nowS, { utc })
  return expireOnResolve ? `when resolved, at the latest ${end}` : end
}

/** What it silences now, in words: "41 events, 3 failing", "nothing". */
export function hitsOf({ events, failing, exact, active }: SilenceRow): string {
  if (!active) return 'not yet'
  if (events === 0) return exact ? 'nothing' : 'not counted'
  const all = `${exact ? '' : 'at least '}${counted(events, 'event')}`
  return failing === 0 ? all : `${all}, ${numberInWords(failing)} failing`
}

/** The times that a silence can be extended by: seconds and words. */
export const EXTENSIONS: readonly { seconds: number; words: string }[] = [
  { seconds: 900, words: '15 min' },
  { seconds: 3600, words: '1 h' },
  { seconds: 14_400, words: '4 h' },
  { seconds: 86_400, words: '1 day' },
]

/** The stored silence with another end, for PUT; `expireAt` 0: it does not end by itself. */
export function withEnd(stored: unknown, expireAt: number): Record<string, unknown> {
  const silence = recordOf(stored)
  const begin = numberOf(silence['begin'])
  return { ...silence, expire_at: expireAt, expire: expireAt === 0 ? -1 : Math.max(1, expireAt - begin) }
}

/** What a silence would silence, or silences now: numbers, and the first events by entity and check. */
export interface SilencePreview {
  readonly events: number
  readonly critical: number
  readonly warning: number
  readonly unknown: number
  readonly passing: number
  readonly already: number
  readonly overlaps: readonly string[]
  readonly rows: readonly unknown[]
}

/** A preview from an answer. */
export function readPreview(answer: unknown): SilencePreview {
  const preview = recordOf(answer)
  const number = (name: string) => numberOf(preview[name])
  return {
    events: number('events'),
    critical: number('critical'),
    warning: number('warning'),
    unknown: number('unknown'),
    passing: number('passing'),
    already: number('already'),
    overlaps: listOf(preview['overlaps']).map((name) => textOf(name)),
    rows: listOf(preview['rows']),
  }
}

/** "Silences 41 events now: 3 critical, 1 warning." A failing status that no event has is left out. */
export function previewInWords(preview: SilencePreview, verb: 'Silences' | 'Matches' = 'Silences'): string {
  if (preview.events === 0) return `${verb} no event that exists now, only those that come later.`
  const failing = (['critical', 'warning', 'unknown'] as const)
    .filter((status) => preview[status] > 0)
    .map((status) => `${numberInWords(preview[status])} ${status}`)
  const all = `${verb} ${counted(preview.events, 'event')} now`
  return failing.length === 0 ? `${all}, none of them failing.` : `${all}: ${failing.join(', ')}.`
}

/** What ending a silence does to failing events: "3 events fail and are handled again."; empty if none fail. */
export function endingInWords(failing: number): string {
  if (failing === 0) return ''
  return `${counted(failing, 'event is', 'events are')} failing and will be handled again.`
}
