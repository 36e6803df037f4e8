// What is wrong with a search, from the server's sentence: where, and in words.
import { piecesOf, placeInSearch, searchTerms } from './search_tokens.ts'

/** A mistake in a search text: the part from `from` to `to` is wrong, or something is missing where they are equal. */
export interface SearchMistake {
  q: string
  from: number
  to: number
  words: string
}

const SENTENCE = /^failed to parse (field|label)Selector: position (\d+): (.*)$/s
const MISSING = /^expected (.*), found (the end|&&)$/s

/** The mistake that a refusal names; undefined: it is about something else. */
export function searchMistake(q: string, why: string): SearchMistake | undefined {
  const [, kind, position = '', problem = ''] = SENTENCE.exec(why) ?? []
  if (kind === undefined) return undefined
  const at = placeInSearch(q, kind === 'label' ? 'label' : 'field', Number(position))
  const missing = MISSING.exec(problem)?.[1]
  return missing === undefined ? wrongPart(q, at, problem) : missingPart(q, at, missing)
}

function wrongPart(q: string, at: number, problem: string): SearchMistake {
  const from = Math.min(at, q.length)
  const to = piecesOf(q).find((piece) => piece.from <= from && from < piece.to)?.to ?? q.length
  return { q, from, to, words: `${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}.` }
}

function missingPart(q: string, at: number, missing: string): SearchMistake {
  const before = q.slice(0, at).trimEnd()
  const term = searchTerms(q).findLast(({ from }) => from < before.length)
  return {
    q,
    from: before.length,
    to: before.length,
    words: `After “${before.slice(term?.from ?? 0)}”, ${missing} is missing.`,
  }
}
