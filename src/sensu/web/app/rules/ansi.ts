// Output of commands as pieces of plain text with the names of their colours; what would steer a terminal is removed or made visible.

/** A piece of text in one style. The classes are `ansi-red`, `ansi-bold` and so on. */
export interface AnsiPiece {
  text: string
  classes: readonly string[]
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const ESCAPE = String.fromCharCode(27)
const SEQUENCE = new RegExp(
  `${ESCAPE}\\[([0-9;:?]*)[ -/]*([@-~])|${ESCAPE}\\][^${ESCAPE}\\u0007]*(?:\\u0007|${ESCAPE}\\\\)?`,
  'g',
)
/** Beyond this many pieces the rest has no colours: a page of a million elements would stop answering. */
const MOST_PIECES = 5000

interface Style {
  colour: string
  bold: boolean
  underlined: boolean
}

const PLAIN: Style = { colour: '', bold: false, underlined: false }

/** The pieces of an output, in order. */
export function ansiPieces(output: string): AnsiPiece[] {
  const pieces: AnsiPiece[] = []
  let style = PLAIN
  let from = 0
  for (const found of output.matchAll(SEQUENCE)) {
    add(pieces, output.slice(from, found.index), style)
    from = found.index + found[0].length
    if (found[2] === 'm') style = styled(style, found[1] ?? '')
    if (pieces.length >= MOST_PIECES) break
  }
  add(pieces, output.slice(from).replace(SEQUENCE, ''), pieces.length >= MOST_PIECES ? PLAIN : style)
  return pieces
}

function add(pieces: AnsiPiece[], text: string, style: Style): void {
  if (text !== '') pieces.push({ text: visible(text), classes: classesOf(style) })
}

function classesOf({ colour, bold, underlined }: Style): string[] {
  return [
    ...(colour === '' ? [] : [`ansi-${colour}`]),
    ...(bold ? ['ansi-bold'] : []),
    ...(underlined ? ['ansi-underlined'] : []),
  ]
}

function styled(style: Style, codes: string): Style {
  const numbers = codes.split(/[;:]/).map(Number)
  let next = style
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0
    // 38 and 48 choose one of many colours, which the page does not have.
    if (code === 38 || code === 48) index += numbers[index + 1] === 2 ? 4 : 2
    else next = changed(next, code)
  }
  return next
}

function changed(style: Style, code: number): Style {
  if (code === 0) return PLAIN
  if (code === 1 || code === 22) return { ...style, bold: code === 1 }
  if (code === 4 || code === 24) return { ...style, underlined: code === 4 }
  if (code === 39) return { ...style, colour: '' }
  const colour = COLOURS[code >= 90 ? code - 90 : code - 30]
  return colour === undefined ? style : { ...style, colour }
}

/** The first line of an output that is not empty, without colours; a longer one ends with "…". */
export function firstLineOf(output: string, most = 300): string {
  const head = output
    .slice(0, 20 * most)
    .replace(SEQUENCE, '')
    .trimStart()
  const line = head.split('\n', 1)[0] ?? ''
  return visible(line.length > most ? `${line.slice(0, most)}…` : line.trimEnd())
}

/** Text with control characters as symbols and marks that change the direction of writing by their numbers. */
export function visible(text: string): string {
  return Array.from(text.replaceAll('\r\n', '\n'), shown).join('')
}

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (character === '\n' || character === '\t') return character
  if (code < 32) return String.fromCodePoint(0x2400 + code)
  if (code === 127) return '␡'
  const directs = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  return directs ? `[U+${code.toString(16).toUpperCase()}]` : character
}
