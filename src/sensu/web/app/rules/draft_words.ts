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

/** A value in a list of changes. */
export function valueInWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= VALUE_CHARACTERS ? text : `${text.slice(0, VALUE_CHARACTERS - 1)}…`
}
