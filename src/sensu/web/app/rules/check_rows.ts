// Rows of checks as the API gives them, and what they say in words: the schedule, the last slot, the results.
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'
import { STATUSES, type Status, type StatusOrNone, worstOf } from './status.ts'
import { durationInWords } from './time_words.ts'
import { counted } from './words.ts'

/** What became of a time at which a check was due. */
export interface SlotFacts {
  at: number
  outcome: string
  why: string
}

/** A problem of a check: its sort, and a sentence. */
export interface CheckProblem {
  sort: string
  text: string
}

export type Results = Readonly<Record<Status, number>>

/** A row of a list of checks. */
export interface CheckRow {
  readonly name: string
  readonly schedule: string
  readonly published: boolean
  readonly next: number
  readonly subdued: boolean
  readonly subscriptions: readonly string[]
  readonly agents: number
  readonly results: Results
  readonly last: SlotFacts | undefined
  readonly handlers: readonly string[]
  readonly pipelines: readonly string[]
  readonly problems: readonly CheckProblem[]
}

/** A row from an answer. */
export function readCheckRow(value: unknown): CheckRow {
  const row = recordOf(value)
  return {
    name: textOf(row['name']),
    schedule: textOf(row['schedule']),
    published: row['published'] === true,
    next: numberOf(row['next']),
    subdued: row['subdued'] === true,
    subscriptions: textsOf(row['subscriptions']),
    agents: numberOf(row['agents']),
    results: readResults(row),
    last: isRecord(row['last']) ? readSlot(row['last']) : undefined,
    handlers: textsOf(row['handlers']),
    pipelines: textsOf(row['pipelines']),
    problems: listOf(row['problems']).map(readProblem),
  }
}

/** How many results have each status. */
export function readResults(row: Readonly<Record<string, unknown>>): Results {
  return {
    critical: numberOf(row['critical']),
    warning: numberOf(row['warning']),
    unknown: numberOf(row['unknown']),
    passing: numberOf(row['passing']),
  }
}

export function readSlot(value: unknown): SlotFacts {
  const { at, outcome, why } = recordOf(value)
  return { at: numberOf(at), outcome: textOf(outcome), why: textOf(why) }
}

function readProblem(value: unknown): CheckProblem {
  const { sort, text } = recordOf(value)
  return { sort: textOf(sort), text: textOf(text) }
}

/** The texts of a list. */
export function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((item) => (typeof item === 'string' ? [item] : []))
}

/** The worst status of the results, none without any. */
export function worstResult(results: Results): StatusOrNone {
  return worstOf(results)
}

/** How many results there are. */
export function allResults(results: Results): number {
  return STATUSES.reduce((sum, status) => sum + results[status], 0)
}

/** "1,190 passing, 9 warning, 5 critical"; what there is none of is left out. */
export function resultsInWords(results: Results): string {
  const parts = STATUSES.toReversed().flatMap((status) =>
    results[status] === 0 ? [] : [`${counted(results[status], status, status)}`],
  )
  return parts.length === 0 ? 'no results' : parts.join(', ')
}

/** Whether a schedule repeats after a time, and is no cron line. */
export function isInterval(schedule: string): boolean {
  return /^every [\d.]+ s$/.test(schedule)
}

/** A schedule as people say it: "every 5 min", or "cron 0 22 * * *". */
export function scheduleInWords(schedule: string): string {
  const seconds = /^every ([\d.]+) s$/.exec(schedule)?.[1]
  if (seconds !== undefined) return `every ${durationInWords(Number(seconds))}`
  return schedule === '' ? 'on demand' : `cron ${schedule}`
}

const PROBLEM_WORDS: Readonly<Record<string, string>> = {
  'no-agent': 'no agent',
  'never-ran': 'never ran',
  'asset-missing': 'asset missing',
  'handler-missing': 'handler missing',
  'pipeline-missing': 'pipeline missing',
  'no-handler': 'no handler',
  'ttl-short': 'TTL too short',
}

/** The problems of a check in few words: "no agent, asset missing". */
export function problemsInWords(problems: readonly CheckProblem[]): string {
  return [...new Set(problems.map(({ sort }) => PROBLEM_WORDS[sort] ?? sort))].join(', ')
}

/** What became of a slot: "executed", "missed: backend down". */
export function slotInWords({ outcome, why }: Pick<SlotFacts, 'outcome' | 'why'>): string {
  const word = outcome === 'requested' ? 'running' : outcome
  return why === '' || why === word ? word : `${word}: ${why}`
}

/** How well a slot went, for its colour. */
export function slotLook(outcome: string): 'good' | 'bad' | 'fair' | 'open' {
  if (outcome === 'executed') return 'good'
  if (outcome === 'missed') return 'bad'
  return outcome === 'partly' || outcome === 'late' ? 'fair' : 'open'
}
