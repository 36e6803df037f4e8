// A search text as terms: words that names contain, and comparisons in the syntax of selectors. Server and page split alike.

/** One finished part of a search text, with its place in it. */
export interface SearchTerm {
  kind: 'word' | 'field' | 'label'
  text: string
  from: number
  to: number
}

/** What the server is asked: words for `word`, comparisons for `fieldSelector` and `labelSelector`. */
export interface SearchQuestion {
  word: string
  fieldSelector: string[]
  labelSelector: string[]
}

interface Piece {
  text: string
  from: number
  to: number
}

const OPERATORS = ['==', '!=', 'in', 'notin', 'matches']
const LABEL = /^labels\./

/** The terms of a search text. `&&` and blanks separate terms; a comparison is `operand OP operand`. */
export function searchTerms(text: string): SearchTerm[] {
  const pieces = split(text)
  const terms: SearchTerm[] = []
  for (let at = 0; at < pieces.length;) {
    const length = comparisonLength(pieces, at)
    const [first, last] = [pieces[at], pieces[at + Math.max(1, length) - 1]]
    if (first !== undefined && last !== undefined && first.text !== '&&') {
      const whole = text.slice(first.from, last.to)
      terms.push({
        kind: length === 0 ? 'word' : kindOf(pieces.slice(at, at + length)),
        text: whole,
        from: first.from,
        to: last.to,
      })
    }
    at += Math.max(1, length)
  }
  return terms
}

/** The question that a search text asks. Words are joined by a blank; `labels.region` is the label of anything in the event. */
export function searchQuestion(text: string): SearchQuestion {
  const terms = searchTerms(text)
  const of = (kind: SearchTerm['kind']) => terms.filter((term) => term.kind === kind).map((term) => term.text)
  return {
    word: of('word').map(unquoted).join(' '),
    fieldSelector: of('field'),
    labelSelector: of('label').map(withoutLabelPrefix),
  }
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

/** How many pieces a comparison that begins here has; 0 where none begins or it is not finished. */
function comparisonLength(pieces: Piece[], at: number): number {
  const operator = pieces[at + 1]?.text
  const right = pieces[at + 2]
  if (
    operator === undefined ||
    !OPERATORS.includes(operator.toLowerCase()) ||
    right === undefined ||
    right.text === '&&'
  )
    return 0
  if (right.text !== '[') return 3
  const closing = pieces.findIndex((piece, index) => index > at + 2 && piece.text === ']')
  return closing < 0 ? 0 : closing - at + 1
}

/** Whether a comparison is about a label: the operand that names something begins with `labels.`. */
function kindOf(comparison: Piece[]): 'field' | 'label' {
  const [left, operator, right] = comparison.map((piece) => piece.text)
  const contained = (operator === 'in' || operator === 'notin') && right !== '['
  return LABEL.test((contained ? right : left) ?? '') ? 'label' : 'field'
}

function withoutLabelPrefix(comparison: string): string {
  return split(comparison)
    .map(({ text }) => text.replace(LABEL, ''))
    .join(' ')
}

function unquoted(text: string): string {
  return /^(['"]).*['"]$/.test(text) ? text.slice(1, -1) : text
}

/** Names, quoted texts (either quote closes), operators and brackets, as the server's lexer splits them. */
function split(text: string): Piece[] {
  const found = text.matchAll(/==|!=|&&|[[\],]|['"][^'"]*['"]?|[^\s[\]!&,='"]+|\S/g)
  return [...found].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }))
}
