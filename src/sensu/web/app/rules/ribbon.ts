// What happened to an entity as a ribbon: a row of bands for each check, silences, marks, and how all checks were at a moment.
import { type Band, oftenInWords } from './incidents.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { type StatusOrNone, severityRank, statusOf } from './status.ts'

/** A silence; without a check it is of all of them. */
export interface SilenceSpan {
  name: string
  check: string
  from: number
  to: number
  creator: string
  reason: string
}

/** Something that happened; without a check it concerns all of them. */
export interface RibbonMark {
  at: number
  sort: string
  check: string
  text: string
}

export interface Ribbon {
  /** The bands of each check, the oldest first. */
  rows: readonly { check: string; bands: readonly Band[] }[]
  silences: readonly SilenceSpan[]
  marks: readonly RibbonMark[]
  /** What the caller may not read. */
  hidden: readonly string[]
  /** Not everything fits: the bands before this time are missing. */
  since: number
  /** When it was read; nothing is known of what came later. */
  readAt: number
}

/** The timeline of the API's answer; what lasts ends at `nowS`. Checks that fail come first, then those that failed. */
export function readRibbon(answer: unknown, nowS: number): Ribbon {
  const { bands, silences, marks, hidden, next } = recordOf(answer)
  const byCheck = new Map<string, Band[]>()
  for (const each of listOf(bands).map(recordOf)) {
    const check = textOf(each['check'])
    const band = { from: numberOf(each['from']), to: numberOf(each['to']) || nowS, status: numberOf(each['status']) }
    byCheck.set(check, [...(byCheck.get(check) ?? []), band])
  }
  const rows = [...byCheck].map(([check, found]) => ({
    check,
    bands: found.toSorted((a, b) => a.from - b.from || a.to - b.to),
  }))
  return {
    rows: rows.toSorted((one, other) => placeOfRow(one.bands) - placeOfRow(other.bands) || byName(one, other)),
    silences: listOf(silences).map((each) => readSpan(each, nowS)),
    marks: listOf(marks).map(readMark),
    hidden: listOf(hidden).map((name) => textOf(name)),
    since: Number(textOf(next)) || 0,
    readAt: nowS,
  }
}

function placeOfRow(bands: readonly Band[]): number {
  const last = bands.at(-1)
  const failed = bands.some(({ status }) => status !== 0)
  return (last === undefined ? 9 : severityRank(statusOf(last.status)) * 2) + (failed ? 0 : 1)
}

function byName(one: { check: string }, other: { check: string }): number {
  return one.check.localeCompare(other.check)
}

function readSpan(value: unknown, nowS: number): SilenceSpan {
  const { name, check, from, to, creator, reason } = recordOf(value)
  return {
    name: textOf(name),
    check: textOf(check),
    from: numberOf(from),
    to: numberOf(to) || nowS,
    creator: textOf(creator),
    reason: textOf(reason),
  }
}

function readMark(value: unknown): RibbonMark {
  const { at, sort, check, text } = recordOf(value)
  return { at: numberOf(at), sort: textOf(sort), check: textOf(check), text: textOf(text) }
}

/** The status of a check at a moment, none before its first result. */
export function statusAt(bands: readonly Band[], atS: number): StatusOrNone {
  const band = bands.findLast(({ from }) => from <= atS)
  return band === undefined ? 'none' : statusOf(band.status)
}

/** How many checks had each status at a moment: "1 critical, 11 passing". */
export function countsAt(rows: Ribbon['rows'], atS: number): Record<StatusOrNone, number> {
  const counts = { critical: 0, warning: 0, unknown: 0, passing: 0, none: 0 }
  for (const { bands } of rows) counts[statusAt(bands, atS)] += 1
  return counts
}

/** The moments at which something changed, without repetitions, the oldest first. */
export function changesOf(ribbon: Ribbon, fromS: number, toS: number): number[] {
  const moments = [
    ...ribbon.rows.flatMap(({ bands }) => bands.map(({ from }) => from)),
    ...ribbon.marks.map(({ at }) => at),
  ]
  return [...new Set(moments)].filter((at) => at > fromS && at < toS).toSorted((one, other) => one - other)
}

/** Where a moment is between two others, as a share from 0 to 1. */
export function shareOf(atS: number, fromS: number, toS: number): number {
  return toS <= fromS ? 1 : Math.min(1, Math.max(0, (atS - fromS) / (toS - fromS)))
}

/** So many moments at equal distances, the ends included. */
export function ticksBetween(fromS: number, toS: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => fromS + ((toS - fromS) * index) / (count - 1))
}

/** The moment in a URL, in seconds; undefined: now, which is also what a moment outside the period becomes. */
export function momentOf(text: string, fromS: number, toS: number): number | undefined {
  const at = /^\d{1,12}$/.test(text) ? Number(text) : NaN
  return at >= fromS && at <= toS ? at : undefined
}

/** What a row says to somebody who does not see it. */
export function rowInWords(check: string, bands: readonly Band[], period: string): string {
  return `${check}: ${oftenInWords(bands, period)}`
}

/** Everything that happened, the newest first: states, silences and marks as sentences. */
export function happenings(ribbon: Ribbon): { at: number; what: string; status: StatusOrNone }[] {
  const states = ribbon.rows.flatMap(({ check, bands }) =>
    bands.map(({ from, status }) => ({
      at: from,
      what: `${check} became ${statusOf(status)}`,
      status: statusOf(status),
    })),
  )
  const marks = ribbon.marks.map(({ at, check, text, sort }) => ({
    at,
    what: markInWords(sort, check, text),
    status: 'none' as const,
  }))
  return [...states, ...marks].toSorted((one, other) => other.at - one.at)
}

const SORTS: Readonly<Record<string, string>> = {
  'silence-begins': 'Silence begins: ',
  'silence-ends': 'Silence ends: ',
  connected: 'Agent: ',
  disconnected: 'Agent: ',
  away: 'Agent: ',
}

function markInWords(sort: string, check: string, text: string): string {
  const about = check === '' || text.includes(check) ? '' : `${check}: `
  return `${SORTS[sort] ?? ''}${about}${text}`
}
