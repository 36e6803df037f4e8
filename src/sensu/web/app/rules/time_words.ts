// Points in time and durations as words: "23 min ago", "2 h 10 min", "28 Nov 2026, 20:41:07 UTC". All times are seconds.
const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400
const RELATIVE_UP_TO_S = 2 * DAY_S

/** How much of the exact time is shown. */
export interface TimeStyle {
  utc?: boolean
  locale?: string
}

/** A duration in its largest unit, for columns: "4 s", "23 min", "2 h", "3 d". */
export function shortDuration(durationS: number): string {
  const spanS = Math.max(0, durationS)
  if (spanS < MINUTE_S) return `${Math.floor(spanS)} s`
  if (spanS < HOUR_S) return `${Math.floor(spanS / MINUTE_S)} min`
  if (spanS < RELATIVE_UP_TO_S) return `${Math.floor(spanS / HOUR_S)} h`
  return `${Math.floor(spanS / DAY_S)} d`
}

/** A duration in its two largest units: "45 s", "2 h 10 min", "3 d 4 h"; below ten seconds with a digit after the point. */
export function durationInWords(durationS: number): string {
  const spanS = Math.max(0, durationS)
  if (spanS < 1) return `${Math.round(spanS * 1000)} ms`
  if (spanS < 10) return `${Math.round(spanS * 10) / 10} s`
  if (spanS < MINUTE_S) return `${Math.round(spanS)} s`
  if (spanS < HOUR_S) return twoUnits(spanS, MINUTE_S, 'min', 1, 's', 10 * MINUTE_S)
  if (spanS < DAY_S) return twoUnits(spanS, HOUR_S, 'h', MINUTE_S, 'min')
  return twoUnits(spanS, DAY_S, 'd', HOUR_S, 'h')
}

function twoUnits(
  spanS: number,
  unitS: number,
  unit: string,
  smallS: number,
  small: string,
  oneOnlyFromS = Infinity,
): string {
  const whole = Math.floor(spanS / unitS)
  const rest = Math.floor((spanS - whole * unitS) / smallS)
  return rest === 0 || spanS >= oneOnlyFromS ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${small}`
}

/** A point in time seen from `nowS`: "just now", "23 min ago", "in 6 s"; absolute beyond two days. */
export function relativeTime(atS: number, nowS: number, style: TimeStyle = {}): string {
  const ageS = nowS - atS
  if (Math.abs(ageS) > RELATIVE_UP_TO_S) return dateAndMinute(atS, nowS, style)
  if (ageS < 0) return ageS > -1 ? 'now' : `in ${shortDuration(Math.ceil(-ageS))}`
  return ageS < 1 ? 'just now' : `${shortDuration(ageS)} ago`
}

/** Day and minute, with the year only where it is another one: "14 Nov, 20:41". */
export function dateAndMinute(atS: number, nowS: number, style: TimeStyle = {}): string {
  const at = new Date(atS * 1000)
  const sameYear = at.getUTCFullYear() === new Date(nowS * 1000).getUTCFullYear()
  return new Intl.DateTimeFormat(style.locale, {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...zone(style),
  }).format(at)
}

/** The whole truth about a point in time, to the second and with its zone, for tooltips. */
export function exactTime(atS: number, style: TimeStyle = {}): string {
  return new Intl.DateTimeFormat(style.locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...zone(style),
  }).format(new Date(atS * 1000))
}

/** The time of day: "20:41:07". */
export function timeOfDay(atS: number, style: TimeStyle = {}): string {
  return new Intl.DateTimeFormat(style.locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...zone(style),
  }).format(new Date(atS * 1000))
}

/** A point in time under a chart or ribbon of a span: the day where it has several, else the minute. */
export function tickTime(atS: number, span: { from: number; to: number }, style: TimeStyle = {}): string {
  if (span.to - span.from <= RELATIVE_UP_TO_S) return timeOfDay(atS, style).slice(0, 5)
  return dateAndMinute(atS, span.to, style).split(',')[0] ?? ''
}

/** What `<time datetime>` wants. */
export function machineTime(atS: number): string {
  return new Date(atS * 1000).toISOString()
}

/** How long the words of a relative time hold: a second below 90 s, then a minute. */
export function wordsHoldS(atS: number, nowS: number): number {
  return Math.abs(nowS - atS) < 90 ? 1 : MINUTE_S
}

function zone(style: TimeStyle): { timeZone?: string } {
  return style.utc === true ? { timeZone: 'UTC' } : {}
}
