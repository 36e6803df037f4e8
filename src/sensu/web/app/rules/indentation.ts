// How YAML is indented while it is written: what a new line begins with, and lines that are moved right or left.

/** A text with what is selected in it. */
export interface Edited {
  text: string
  from: number
  to: number
}

const STEP = '  '

/** What Enter writes at a place of a text: a new line as far right as this one; behind a colon one step further. */
export function newLineAt(text: string, place: number): string {
  const line = text.slice(text.lastIndexOf('\n', place - 1) + 1, place)
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  return `\n${indent}${/:\s*$/.test(line) ? STEP : ''}`
}

/** The selected lines one step further right, or left; what replaces them, and where they are. */
export function movedLines({ text, from, to }: Edited, right: boolean): Edited {
  const start = text.lastIndexOf('\n', from - 1) + 1
  const found = text.indexOf('\n', to)
  const end = found < 0 ? text.length : found
  const lines = text.slice(start, end).split('\n')
  const moved = lines.map((line) => (right ? (line === '' ? line : STEP + line) : line.replace(/^ {1,2}/, '')))
  return { text: moved.join('\n'), from: start, to: end }
}
