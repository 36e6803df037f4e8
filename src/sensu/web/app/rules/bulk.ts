// Requests to do the same to many events: what is asked, what came of it, and both in words.
import { eventFilter } from './event_filter.ts'
import { jsonOf, numberOf, recordOf, textOf } from './outside.ts'
import { searchQuestion } from './search_tokens.ts'
import type { View } from './view_of_url.ts'
import { counted, listed } from './words.ts'

export type BulkAction = 'resolve' | 'delete' | 'execute' | 'silence' | 'unsilence'

/** For how long events are silenced: seconds, or until they are resolved. */
export interface SilenceTerms {
  expire: number
  expire_on_resolve: boolean
  /** The terms in words, as in "silent for 1 h". */
  words: string
}

export const SILENCE_TERMS: readonly SilenceTerms[] = [
  { expire: 900, expire_on_resolve: false, words: 'for 15 min' },
  { expire: 3600, expire_on_resolve: false, words: 'for 1 h' },
  { expire: 14_400, expire_on_resolve: false, words: 'for 4 h' },
  { expire: 0, expire_on_resolve: true, words: 'until resolved' },
]

/** The outcome of each item, counted, and those that were not done. */
export interface BulkAnswer {
  total: number
  done: number
  doneItems: readonly (readonly [entity: string, check: string])[]
  problems: readonly { name: string; why: string }[]
}

/** Whose action it is: these events, or all that a view shows. */
export type BulkOf =
  { of: readonly (readonly [entity: string, check: string])[] } | { where: Record<string, unknown>; expect: number }

/** The condition that stands for all events that a view shows. */
export function whereOf(view: View): Record<string, unknown> {
  const filter = eventFilter(view)
  const { word, fieldSelector, labelSelector } = searchQuestion(view.q)
  const silenced = filter.silenced === undefined ? {} : { silenced: filter.silenced }
  return { status: filter.statuses, ...silenced, word, fieldSelector, labelSelector }
}

/** Reads an answer: a line for each item, and a summary as the last line. */
export function readBulkAnswer(body: unknown): BulkAnswer {
  const lines = typeof body === 'string' ? body.split('\n').map(jsonOf) : [body]
  const items = lines.map(recordOf).filter((line) => textOf(line['outcome']) !== '')
  const summary = recordOf(recordOf(lines.findLast((line) => 'summary' in recordOf(line)))['summary'])
  const keyOf = (line: Readonly<Record<string, unknown>>) => [textOf(line['entity']), textOf(line['check'])] as const
  return {
    total: numberOf(summary['total'], items.length),
    done: numberOf(summary['done']),
    doneItems: items.filter((line) => line['outcome'] === 'done').map(keyOf),
    problems: items
      .filter((line) => line['outcome'] !== 'done')
      .map((line) => ({ name: keyOf(line).join('/'), why: textOf(line['why'], textOf(line['outcome'])) })),
  }
}

const DONE: Readonly<Record<BulkAction, readonly [one: string, many: string]>> = {
  resolve: ['is resolved', 'are resolved'],
  delete: ['is deleted', 'are deleted'],
  execute: ['runs again', 'run again'],
  silence: ['is silent', 'are silent'],
  unsilence: ['is no longer silenced', 'are no longer silenced'],
}

/** What was done, as a sentence: "web1/http is silent for 1 h." or "40 events are resolved; 2 were refused: …". */
export function bulkInWords(action: BulkAction, answer: BulkAnswer, terms = ''): string {
  const [one, many] = DONE[action]
  const [first] = answer.doneItems
  const who = answer.done === 1 && first !== undefined ? first.join('/') : counted(answer.done, 'event')
  const done = `${who} ${[answer.done === 1 ? one : many, terms].filter((part) => part !== '').join(' ')}`
  if (answer.problems.length === 0) return `${done}.`
  const why = listed([...new Set(answer.problems.map((problem) => problem.why))], 3)
  const failed =
    answer.problems.length === 1
      ? `${answer.problems[0]?.name ?? ''} was not changed: ${why}`
      : `${counted(answer.problems.length, 'event was', 'events were')} not changed: ${why}`
  return answer.done === 0 ? `${failed}.` : `${done}; ${failed}.`
}
