// Numbers, counts and lists as words: "1 event", "99,945 events", "ann, bob and eve".
const plurals = new Intl.PluralRules('en')
const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/** A number as the reader's locale writes it, with one digit after the point at most. */
export function numberInWords(value: number): string {
  return numbers.format(value)
}

/** The form of a noun that goes with a number. */
export function nounFor(count: number, one: string, many = `${one}s`): string {
  return plurals.select(count) === 'one' ? one : many
}

/** A number with its noun: `counted(1, "event")` is "1 event", `counted(2, "entity", "entities")` is "2 entities". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberInWords(count)} ${nounFor(count, one, many)}`
}

/** A large number in few characters, for badges: 999, 1.2k, 99k, 1.5M. */
export function shortNumber(count: number): string {
  if (count < 1000) return String(Math.round(count))
  if (count < 999_500) return `${shortened(count / 1000)}k`
  return `${shortened(count / 1_000_000)}M`
}

function shortened(value: number): string {
  const rounded = value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value)
  return String(rounded)
}

/** Items as a sentence lists them; beyond `most` the rest is counted: "ann, bob and 3 more". */
export function listed(items: readonly string[], most = 5): string {
  if (items.length > most) return `${items.slice(0, most - 1).join(', ')} and ${items.length - most + 1} more`
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`
}

/** A text with a capital, as a title has it. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A reason as a sentence of its own: with a capital and a full stop. */
export function asSentence(text: string): string {
  const trimmed = text.trim()
  return trimmed === '' ? '' : capitalised(trimmed) + (/[.?!]$/.test(trimmed) ? '' : '.')
}

/** Bytes with a unit that keeps the number short: "512 B", "1.5 MiB". */
export function bytesInWords(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = count
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${numberInWords(value)} ${units[unit] ?? 'B'}`
}

/** A part of a whole as a percentage that never rounds to 100 % or 0 % when it is not. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–'
  const exact = (100 * part) / whole
  const rounded = Math.min(Math.max(Math.round(exact * 10) / 10, part > 0 ? 0.1 : 0), part < whole ? 99.9 : 100)
  return `${rounded} %`
}

/** The names of `known` that are nearest to a misspelled one, best first. */
export function nearest(name: string, known: readonly string[], most = 3): string[] {
  const wanted = name.toLowerCase()
  return known
    .map((candidate) => ({
      candidate,
      steps: editSteps(wanted, candidate.toLowerCase()),
    }))
    .filter(({ candidate, steps }) => steps <= Math.max(2, candidate.length / 3))
    .sort((one, other) => one.steps - other.steps)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

function editSteps(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= other.length; column += 1) {
      const change = (before[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1)
      current.push(Math.min(change, (before[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    before = current
  }
  return before[other.length] ?? 0
}
