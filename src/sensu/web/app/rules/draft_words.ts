// What saving a draft does, in words.
import type { CheckEffect, JudgedDraft } from './draft_answer.ts'
import { counted, numberInWords } from './words.ts'

/** A sentence about what would be saved. */
export function changesInWords(draft: JudgedDraft, word: string): string {
  if (draft.action === 'create') return `Saving creates the ${word} ${draft.name}.`
  if (draft.action === 'keep') return 'Nothing has changed.'
  return `Saving changes ${counted(draft.changes.length, 'field')}.`
}

/** A sentence about where and how often a check would run. */
export function effectInWords(effect: CheckEffect, isPublished: boolean): string {
  if (!isPublished) return 'It runs only on request.'
  const where = `on ${counted(effect.agents, 'agent')}`
  if (effect.runsPerS === null) return `Runs ${effect.schedule} for each entity that matches, ${where}.`
  const rate = `${rateInWords(effect.runsPerS)}`
  const before = effect.runsPerSBefore
  const compared =
    before === null || before === effect.runsPerS || before === 0 ? '' : ` instead of ${rateInWords(before)}`
  return `Runs ${effect.schedule} ${where}: ${rate}${compared}.`
}

/** How often something happens, per second, minute, hour or day, so that the number is readable. */
export function rateInWords(perS: number): string {
  if (perS === 0) return 'no runs'
  const units: [string, number][] = [
    ['second', 1],
    ['minute', 60],
    ['hour', 3600],
  ]
  for (const [unit, seconds] of units)
    if (perS * seconds >= 1) return `${numberInWords(perS * seconds)} ${runs(perS * seconds)} a ${unit}`
  return `${numberInWords(perS * 86_400)} ${runs(perS * 86_400)} a day`
}

function runs(count: number): string {
  return count === 1 ? 'run' : 'runs'
}

const VALUE_CHARACTERS = 80

/** How much of what did not change is shown before the change. */
const CONTEXT_CHARACTERS = 24

/** Two values of a field, so that where they differ is seen: a long beginning that they share is left out. */
export function changeInWords(before: unknown, after: unknown): [string, string] {
  const [one, other] = [inWords(before), inWords(after)]
  if (Math.max(one.length, other.length) <= VALUE_CHARACTERS) return [one, other]
  let same = 0
  while (same < one.length && one[same] === other[same]) same += 1
  const left = Math.max(0, same - CONTEXT_CHARACTERS)
  return [cut(one, left), cut(other, left)]
}

function inWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function cut(text: string, left = 0): string {
  const rest = left === 0 ? text : `…${text.slice(left)}`
  return rest.length <= VALUE_CHARACTERS ? rest : `${rest.slice(0, VALUE_CHARACTERS - 1)}…`
}
