// What a search text can be completed with at the caret: `completionPlace(text, caret)`, and what taking a completion makes of it.
import { type Piece, comparisonAt, isNamed, piecesOf, unquoted } from './search_tokens.ts'

/** What is typed at the caret: the beginning of a term, the name of a field, an operator, or a value of `field`. */
export interface CompletionPlace {
  kind: 'start' | 'field' | 'operator' | 'value' | 'list'
  field: string
  /** What is there of it already, without quotes. */
  prefix: string
  /** What a completion replaces. */
  from: number
  to: number
}

/** One completion: what it shows, what it writes, and a word about it. */
export interface Completion {
  shown: string
  written: string
  hint: string
}

/** A value and how many have it. */
export interface CountedValue {
  value: string
  count: number
}

export const OPERATOR_HINTS: readonly (readonly [operator: string, hint: string])[] = [
  ['==', 'is'],
  ['!=', 'is not'],
  ['matches', 'contains'],
  ['in', 'is one of'],
  ['notin', 'is none of'],
]
const SIGNS = ['==', '!=', '=', '&&', '[', ']', ',', '!', '&']

/** What is typed at the caret; undefined: nothing that can be completed. */
export function completionPlace(text: string, caret: number): CompletionPlace | undefined {
  const pieces = piecesOf(text)
  const current = pieces.find(({ from, to, text: piece }) => from < caret && caret <= to && !SIGNS.includes(piece))
  if (current !== undefined && isClosed(current.text)) return undefined
  const before = pieces.filter(({ to }) => to <= (current?.from ?? caret))
  const prefix = text.slice(current?.from ?? caret, caret).replace(/^['"]/, '')
  const at = { prefix, from: current?.from ?? caret, to: current?.to ?? caret }
  return { ...kindAfter(openTerm(before)), ...at }
}

/** Where completions that were read for a former text are written now; undefined: something else is typed there. */
export function placeNow(read: CompletionPlace, text: string, caret: number): CompletionPlace | undefined {
  const now = completionPlace(text, caret)
  return now?.kind === read.kind && now.field === read.field ? now : undefined
}

/** The text after a completion was taken, and where the caret is then. */
export function completed(
  text: string,
  place: CompletionPlace,
  completion: Completion,
): { text: string; caret: number } {
  const start = text.slice(0, place.from) + completion.written + ' '
  return { text: start + text.slice(place.to).replace(/^ /, ''), caret: start.length }
}

/** The completions of operators. */
export function operatorCompletions(prefix: string): Completion[] {
  return OPERATOR_HINTS.filter(([operator]) => operator.startsWith(prefix)).map(([operator, hint]) => ({
    shown: operator,
    written: operator,
    hint,
  }))
}

/** The completions of names of fields that contain what is typed; those that begin with it, or a part of which does, first. */
export function fieldCompletions(fields: readonly string[], prefix: string): Completion[] {
  const word = prefix.toLowerCase()
  const begins = (name: string) => name.startsWith(word) || name.split('.').some((part) => part.startsWith(word))
  const found = fields.filter((name) => name.includes(word))
  return [...found.filter(begins), ...found.filter((name) => !begins(name))].map((name) => ({
    shown: name,
    written: name,
    hint: 'field',
  }))
}

/** The completions of labels by their names. */
export function labelCompletions(names: readonly CountedValue[]): Completion[] {
  return names
    .filter(({ value }) => isWritable(value))
    .map(({ value, count }) => {
      const name = `labels.${value}`
      return { shown: name, written: /^[\w./]+$/.test(value) ? name : `'${name}'`, hint: `label of ${count}` }
    })
}

/** The completions of values; `field` writes the whole comparison, `list` a list of one. */
export function valueCompletions(
  values: readonly CountedValue[],
  { field = '', list = false }: { field?: string; list?: boolean } = {},
): Completion[] {
  return values
    .filter(({ value }) => isWritable(value))
    .map(({ value, count }) => {
      const quoted = list ? `['${value}']` : `'${value}'`
      const comparison = field === '' ? quoted : `${field} == ${quoted}`
      return { shown: field === '' ? value : comparison, written: comparison, hint: String(count) }
    })
}

/** The syntax has no escapes: a value with a quote in it cannot be written. */
function isWritable(value: string): boolean {
  return !/['"]/.test(value)
}

function isClosed(piece: string): boolean {
  return /^['"].*['"]$/s.test(piece) && piece.length > 1
}

/** The pieces of the term that is not finished yet. */
function openTerm(pieces: readonly Piece[]): readonly Piece[] {
  for (let at = 0; at < pieces.length;) {
    const comparison = comparisonAt(pieces, at)
    if (comparison !== undefined && !comparison.finished && at + comparison.length >= pieces.length)
      return pieces.slice(at)
    if (comparison === undefined && at >= pieces.length - 2 && opensTerm(pieces.slice(at))) return pieces.slice(at)
    at += comparison?.length ?? 1
  }
  return []
}

/** A name of a field, or an operand and `in`, at the end of the text. */
function opensTerm([left, operator]: readonly Piece[]): boolean {
  if (left === undefined || left.text === '&&') return false
  return operator === undefined ? isNamed(left.text) : ['in', 'notin'].includes(operator.text.toLowerCase())
}

function kindAfter(term: readonly Piece[]): Pick<CompletionPlace, 'kind' | 'field'> {
  const [left, operator, bracket] = term.map(({ text }) => text)
  if (left === undefined) return { kind: 'start', field: '' }
  const field = unquoted(left)
  if (operator === undefined) return { kind: 'operator', field }
  const isMembership = ['in', 'notin'].includes(operator.toLowerCase())
  if (isMembership && bracket === undefined)
    return isNamed(left) ? { kind: 'list', field } : { kind: 'field', field: '' }
  return { kind: 'value', field }
}
