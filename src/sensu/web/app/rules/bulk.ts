// Requests to do the same to many events: what is asked, what came of it, and both in words.
import { eventFilter } from './event_filter.ts'
import { jsonOf, numberOf, recordOf, textOf } from './outside.ts'
import { searchQuestion } from './search_tokens.ts'
import type { View } from './view_of_url.ts'
import { counted, listed, numberInWords } from './words.ts'

export type BulkAction =
  'resolve' | 'delete' | 'execute' | 'silence' | 'unsilence' | 'publish' | 'unpublish' | 'retry' | 'discard'

/** What can be done to events. */
export type EventAction = Exclude<BulkAction, 'publish' | 'unpublish' | 'retry' | 'discard'>

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

/** How many a condition matches now, if an action was refused because they were not as many as expected. */
export function matchingNow(why: string): number | undefined {
  const found = /^where matches (\d+) items/.exec(why)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The same in words: "415 events match now, not 412. Look again before you delete them." */
export function movedInWords(action: BulkAction, now: number, expected: number): string {
  const verb = action === 'execute' ? 'run' : action
  return `${counted(now, 'event matches', 'events match')} now, not ${numberInWords(expected)}. Look again before you ${verb} ${now === 1 ? 'it' : 'them'}.`
}

/** Reads an answer: a line for each item, and a summary as the last line. */
export function readBulkAnswer(body: unknown): BulkAnswer {
  const lines = typeof body === 'string' ? body.split('\n').map(jsonOf) : [body]
  const items = lines.map(recordOf).filter((line) => textOf(line['outcome']) !== '')
  const summary = recordOf(recordOf(lines.findLast((line) => 'summary' in recordOf(line)))['summary'])
  const keyOf = (line: Readonly<Record<string, unknown>>) =>
    [textOf(line['entity']) || textOf(line['delivery']), textOf(line['check'])] as const
  return {
    total: numberOf(summary['total'], items.length),
    done: numberOf(summary['done']),
    doneItems: items.filter((line) => line['outcome'] === 'done').map(keyOf),
    problems: items
      .filter((line) => line['outcome'] !== 'done')
      .map((line) => ({ name: nameOf(keyOf(line)), why: textOf(line['why'], textOf(line['outcome'])) })),
  }
}

function nameOf(key: readonly [entity: string, check: string]): string {
  return key.filter((part) => part !== '').join('/')
}

const DONE: Readonly<Record<BulkAction, readonly [one: string, many: string]>> = {
  resolve: ['is resolved', 'are resolved'],
  delete: ['is deleted', 'are deleted'],
  execute: ['runs again', 'run again'],
  silence: ['is silent', 'are silent'],
  unsilence: ['is no longer silenced', 'are no longer silenced'],
  publish: ['is published', 'are published'],
  unpublish: ['is no longer published', 'are no longer published'],
  retry: ['is tried again', 'are tried again'],
  discard: ['is discarded', 'are discarded'],
}

/** The nouns for one and for several. */
export type Noun = readonly [one: string, many: string]

/** What was done, as a sentence: "web1/http is silent for 1 h." or "40 events are resolved; 2 were refused: …". */
export function bulkInWords(
  action: BulkAction,
  answer: BulkAnswer,
  terms = '',
  noun: Noun = ['event', 'events'],
): string {
  const [one, many] = DONE[action]
  const [first] = answer.doneItems
  const named = answer.done === 1 && first !== undefined && !/^\d+$/.test(nameOf(first))
  const who = named ? nameOf(first) : counted(answer.done, ...noun)
  const done = `${who} ${[answer.done === 1 ? one : many, terms].filter((part) => part !== '').join(' ')}`
  if (answer.problems.length === 0) return `${done}.`
  const failed = problemsInWords(answer.problems, noun)
  return answer.done === 0 ? `${failed}.` : `${done}; ${failed}.`
}

function problemsInWords(problems: BulkAnswer['problems'], noun: Noun): string {
  const why = listed([...new Set(problems.map((problem) => problem.why))], 3)
  return problems.length === 1
    ? `${problems[0]?.name ?? ''} was not changed: ${why}`
    : `${counted(problems.length, `${noun[0]} was`, `${noun[1]} were`)} not changed: ${why}`
}
