// An event as it was at a moment, against what it is now: fact by fact, with what differs marked.
import { type DifferentLine, differentLines } from './differences.ts'
import { numberOf, recordOf, textOf } from './outside.ts'
import { statusOf } from './status.ts'
import { type TimeStyle, exactTime } from './time_words.ts'

/** What is known of an event at a moment. Times are seconds, 0 where they are not known. */
export interface EventState {
  status: number
  since: number
  flapping: boolean
  executed: number
  output: string
  /** Only the beginning of the output is kept. */
  truncated: boolean
}

/** The API's answer about a moment. */
export function readState(answer: unknown): EventState {
  const { status, since, flapping, executed, output, truncated } = recordOf(answer)
  return {
    status: numberOf(status),
    since: numberOf(since),
    flapping: flapping === true,
    executed: numberOf(executed),
    output: textOf(output),
    truncated: truncated === true,
  }
}

export interface ComparedFact {
  name: string
  then: string
  now: string
  differs: boolean
}

/** The facts of both states; two moments differ only where both are known. */
export function comparedFacts(then: EventState, now: EventState, style: TimeStyle): ComparedFact[] {
  const moment = (at: number) => (at > 0 ? exactTime(at, style) : 'not known')
  const facts: [name: string, then: string, now: string][] = [
    ['Status', statusOf(then.status), statusOf(now.status)],
    ['Exit status', String(then.status), String(now.status)],
    ['Since', moment(then.since), moment(now.since)],
    ['Flapping', then.flapping ? 'yes' : 'no', now.flapping ? 'yes' : 'no'],
    ['Last result', then.executed > 0 ? moment(then.executed) : 'no longer kept', moment(now.executed)],
  ]
  return facts.map(([name, before, after]) => ({ name, then: before, now: after, differs: before !== after }))
}

/** The lines of both outputs; of a kept output that was cut, only as much is compared as is there. */
export function comparedOutput(then: EventState, now: EventState): DifferentLine[] {
  const length = then.truncated ? then.output.length : Infinity
  return differentLines(then.output.trimEnd(), now.output.slice(0, length).trimEnd())
}

/** The moment in a URL, in seconds; undefined: none, or one that is still to come. */
export function pastMoment(text: string, nowS: number): number | undefined {
  const at = /^\d{1,12}$/.test(text) ? Number(text) : NaN
  return at > 0 && at <= nowS ? at : undefined
}
