// Where silences stand in a calendar: a window of time, ticks, one bar a silence, and what dragging its end means.
import type { SilenceTimes } from './silences.ts'
import { dateAndMinute } from './time_words.ts'

const HOUR_S = 3600
export const DAY_S = 24 * HOUR_S

/** A window of time; seconds. */
export interface CalendarWindow {
  readonly from: number
  readonly to: number
}

/** The spans that a calendar shows. */
export const SPANS = [
  { id: 'day', words: 'Day', seconds: DAY_S, tickS: 3 * HOUR_S },
  { id: 'week', words: 'Week', seconds: 7 * DAY_S, tickS: DAY_S },
] as const

export type Span = (typeof SPANS)[number]

/** The span that a text names, a day otherwise. */
export function spanOf(text: string): Span {
  return SPANS.find(({ id }) => id === text) ?? SPANS[0]
}

/** The window of a span that begins at a time; without one, a third of it is past. */
export function windowOf(span: Span, from: number, nowS: number): CalendarWindow {
  const begin = from > 0 ? from : Math.floor((nowS - span.seconds / 3) / HOUR_S) * HOUR_S
  return { from: begin, to: begin + span.seconds }
}

/** Where a bar stands, in percent of the window; undefined: it is outside. `open` says whether it has no end. */
export interface CalendarBar {
  readonly left: number
  readonly width: number
  readonly begun: boolean
  readonly open: boolean
  /** It goes on behind the window. */
  readonly clipped: boolean
}

const LEAST_WIDTH = 0.4

/** The bar of a silence. */
export function barOf(times: SilenceTimes, { from, to }: CalendarWindow): CalendarBar | undefined {
  const end = times.expireAt === 0 ? Infinity : times.expireAt
  if (times.begin >= to || end <= from) return undefined
  const left = percentOf(Math.max(from, times.begin), { from, to })
  const right = percentOf(Math.min(to, end), { from, to })
  const width = Math.max(LEAST_WIDTH, right - left)
  return { left, width, begun: times.begin >= from, open: times.expireAt === 0, clipped: end > to }
}

/** The place of a time in a window, in percent. */
export function percentOf(atS: number, { from, to }: CalendarWindow): number {
  return (100 * (atS - from)) / (to - from)
}

/** A labelled line of the calendar. */
export interface CalendarTick {
  readonly at: number
  readonly left: number
  readonly words: string
}

/** The lines of a window at full hours or days of the reader's clock; `offsetS` is how far that is ahead of UTC. */
export function ticksOf(span: Span, window: CalendarWindow, offsetS: number, style: { utc: boolean }): CalendarTick[] {
  const first = Math.ceil((window.from + offsetS) / span.tickS) * span.tickS - offsetS
  const count = Math.max(0, Math.ceil((window.to - first) / span.tickS))
  return Array.from({ length: count }, (_, index) => first + index * span.tickS).map((at) => ({
    at,
    left: percentOf(at, window),
    words: tickInWords(at, offsetS, span, style),
  }))
}

function tickInWords(atS: number, offsetS: number, span: Span, style: { utc: boolean }): string {
  const [day = '', time = ''] = dateAndMinute(atS, atS, style).split(', ')
  if (span.id === 'week') return day
  return (atS + offsetS) % DAY_S === 0 ? day : time
}

const STEP_S = 300

/** The end that a drag to a place of the window means: full five minutes, and later than now. */
export function draggedEnd(place: number, window: CalendarWindow, times: SilenceTimes, nowS: number): number {
  const at = window.from + (place * (window.to - window.from)) / 100
  const rounded = Math.round(at / STEP_S) * STEP_S
  const earliest = Math.ceil((Math.max(nowS, times.begin) + 60) / STEP_S) * STEP_S
  return Math.max(earliest, rounded)
}
