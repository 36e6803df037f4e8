// A search text as terms: words that names contain, and comparisons in the syntax of selectors. Server and page split alike.

/** One finished part of a search text, with its place in it. */
export interface SearchTerm {
  kind: 'word' | 'field' | 'label'
  text: string
  from: number
  to: number
  /** Whether it is all that it can be: of a comparison that is not, the server says what is missing. */
  finished: boolean
}

/** What the server is asked: words for `word`, comparisons for `fieldSelector` and `labelSelector`. */
export interface SearchQuestion {
  word: string
  fieldSelector: string[]
  labelSelector: string[]
}

/** A name, a quoted text, an operator or a bracket, with its place in the text. */
export interface Piece {
  text: string
  from: number
  to: number
}

/** A comparison as the server gets it: without the `labels.` of its operand, which was cut off at `cutAt`. */
interface Selector {
  text: string
  from: number
  cutAt: number
}

const OPERATORS = ['==', '!=', 'in', 'notin', 'matches']
const LABEL = /^(['"]?)labels\./
const LABEL_LENGTH = 'labels.'.length
const JOINT = ' && '

/** The terms of a search text. `&&` and blanks separate terms; a comparison is `operand OP operand`. */
export function searchTerms(text: string): SearchTerm[] {
  const pieces = piecesOf(text)
  const terms: SearchTerm[] = []
  for (let at = 0; at < pieces.length;) {
    const { length, finished } = comparisonAt(pieces, at) ?? { length: 0, finished: true }
    const [first, last] = [pieces[at], pieces[at + Math.max(1, length) - 1]]
    if (first !== undefined && last !== undefined && first.text !== '&&') {
      const kind = length === 0 ? 'word' : kindOf(pieces.slice(at, at + length))
      terms.push({ kind, text: text.slice(first.from, last.to), from: first.from, to: last.to, finished })
    }
    at += Math.max(1, length)
  }
  return terms
}

/** Whether the server can understand a search text: typing goes on while it cannot. */
export function isFinished(text: string): boolean {
  return searchTerms(text).every(({ finished }) => finished)
}

/** The question that a search text asks. Words are joined by a blank; `labels.region` is the label of anything in the event. */
export function searchQuestion(text: string): SearchQuestion {
  const words = searchTerms(text).filter(({ kind }) => kind === 'word')
  const joined = (kind: 'field' | 'label') => {
    const selectors = selectorsOf(text, kind)
    return selectors.length === 0 ? [] : [selectors.map((selector) => selector.text).join(JOINT)]
  }
  return {
    word: words.map((term) => unquoted(term.text)).join(' '),
    fieldSelector: joined('field'),
    labelSelector: joined('label'),
  }
}

/** A selector of labels as it is written in a search text: with `labels.` before each name. */
export function withLabelPrefix(selector: string): string {
  const operands = searchTerms(selector).flatMap(({ text, from, kind }) => {
    const operand = kind === 'word' ? undefined : namingOperand(piecesOf(text))
    return operand === undefined ? [] : [from + operand.from + (/^['"]/.test(operand.text) ? 1 : 0)]
  })
  return operands.reduceRight((text, at) => `${text.slice(0, at)}labels.${text.slice(at)}`, selector)
}

/** The place in a search text of a position (from 1) in a selector that it asks with. */
export function placeInSearch(text: string, kind: 'field' | 'label', position: number): number {
  let start = 0
  for (const selector of selectorsOf(text, kind)) {
    const offset = position - 1 - start
    if (offset <= selector.text.length) return selector.from + offset + (offset >= selector.cutAt ? LABEL_LENGTH : 0)
    start += selector.text.length + JOINT.length
  }
  return text.length
}

/** The text without one of its terms, and without the `&&` that joined it. */
export function withoutTerm(text: string, term: SearchTerm): string {
  const [before, after] = [text.slice(0, term.from), text.slice(term.to)]
  const joined = /&&\s*$/.test(before) || /^\s*&&/.test(after)
  const parts = [before.replace(/\s*(&&)?\s*$/, ''), after.replace(/^\s*(&&)?\s*/, '')]
  return parts.filter((part) => part !== '').join(joined ? ' && ' : ' ')
}

/** The text with one more term behind it. */
export function withTerm(text: string, term: string): string {
  const trimmed = text.trim()
  return trimmed === '' ? term : `${trimmed} ${term}`
}

/** A value as it must be written in a comparison: in quotes. The syntax has no escapes, so quotes in it are cut off. */
export function quoted(value: string): string {
  const end = value.search(/['"]/)
  return `'${end < 0 ? value : value.slice(0, end)}'`
}

/** The comparison that begins at a piece; undefined: a word is there. One that is not finished goes on to the next `&&`. */
export function comparisonAt(pieces: readonly Piece[], at: number): { length: number; finished: boolean } | undefined {
  if (pieces[at]?.text === '&&') return undefined
  const length = finishedLength(pieces, at)
  if (length > 0) return { length, finished: true }
  if (!isBegun(pieces.slice(at, at + 3).map(({ text }) => text))) return undefined
  const end = pieces.findIndex(({ text }, index) => index > at && text === '&&')
  return { length: (end < 0 ? pieces.length : end) - at, finished: false }
}

/** How many pieces the finished comparison has that begins here; 0: none does. */
function finishedLength(pieces: readonly Piece[], at: number): number {
  const [operator, right] = [pieces[at + 1]?.text, pieces[at + 2]?.text]
  if (operator === undefined || right === undefined || right === '&&' || !isOperator(operator)) return 0
  if (right !== '[') return 3
  const closing = pieces.findIndex(({ text }, index) => index > at + 2 && text === ']')
  return closing < 0 ? 0 : closing - at + 1
}

/** Whether somebody who writes this means a comparison: words such as `disk in` can also be just words. */
function isBegun([left = '', operator = '', right]: readonly string[]): boolean {
  if (['==', '!=', '='].includes(operator)) return true
  return isOperator(operator) && (right === '[' || isNamed(left))
}

function isOperator(piece: string): boolean {
  return OPERATORS.includes(piece.toLowerCase())
}

/** Whether an operand looks like the name of a field or a label. */
export function isNamed(operand: string): boolean {
  return LABEL.test(operand) || /^[a-z_]+\./.test(operand)
}

/** Whether a comparison is about a label: the operand that names something begins with `labels.`. */
function kindOf(comparison: readonly Piece[]): 'field' | 'label' {
  return LABEL.test(namingOperand(comparison)?.text ?? '') ? 'label' : 'field'
}

function namingOperand(comparison: readonly Piece[]): Piece | undefined {
  const [left, operator, right] = comparison
  const contains = ['in', 'notin'].includes(operator?.text.toLowerCase() ?? '')
  return contains && right !== undefined && right.text !== '[' ? right : left
}

function selectorsOf(text: string, kind: 'field' | 'label'): Selector[] {
  return searchTerms(text)
    .filter((term) => term.kind === kind)
    .map(({ text: comparison, from }) => {
      const operand = kind === 'label' ? namingOperand(piecesOf(comparison)) : undefined
      if (operand === undefined) return { text: comparison, from, cutAt: Infinity }
      const cutAt = operand.from + (LABEL.exec(operand.text)?.[1]?.length ?? 0)
      return { text: comparison.slice(0, cutAt) + comparison.slice(cutAt + LABEL_LENGTH), from, cutAt }
    })
}

/** A text without the quotes around it. */
export function unquoted(text: string): string {
  return /^(['"]).*['"]$/.test(text) ? text.slice(1, -1) : text
}

/** Names, quoted texts (either quote closes), operators and brackets, as the server's lexer splits them. */
export function piecesOf(text: string): Piece[] {
  const found = text.matchAll(/==|!=|&&|[[\],]|['"][^'"]*['"]?|[^\s[\]!&,='"]+|\S/g)
  return [...found].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }))
}
