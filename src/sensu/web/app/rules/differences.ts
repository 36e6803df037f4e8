// Differences of two texts by line, and of two values by path.
import { isRecord } from './outside.ts'

/** A line of one text or of both. */
export interface DifferentLine {
  sign: ' ' | '+' | '-'
  text: string
}

/** A path whose value is another one; undefined where it is missing on that side. */
export interface ChangedValue {
  path: string
  before: unknown
  after: unknown
}

/** Beyond this many pairs of changed lines the middle is shown as replaced: comparing it would hold up the page. */
const MOST_COMPARED = 4_000_000

/** Both texts as one list of lines, with what only one of them has marked; as few marks as possible. */
export function differentLines(before: string, after: string): DifferentLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let top = 0
  while (top < old.length && top < now.length && old[top] === now[top]) top += 1
  let bottom = 0
  while (bottom < Math.min(old.length, now.length) - top && old.at(-1 - bottom) === now.at(-1 - bottom)) bottom += 1
  const same = (lines: string[]) => lines.map((text): DifferentLine => ({ sign: ' ', text }))
  const middle = compared(old.slice(top, old.length - bottom), now.slice(top, now.length - bottom))
  return [...same(old.slice(0, top)), ...middle, ...same(old.slice(old.length - bottom))]
}

function compared(old: string[], now: string[]): DifferentLine[] {
  const replaced = old.length * now.length > MOST_COMPARED
  const lengths = replaced ? new Uint32Array() : commonLengths(old, now)
  const common = (left: number, right: number) => lengths[left * (now.length + 1) + right] ?? 0
  const lines: DifferentLine[] = []
  let [left, right] = [0, 0]
  for (;;) {
    const [one, other] = [old[left], now[right]]
    if (one === undefined && other === undefined) return lines
    if (one === other && one !== undefined) {
      lines.push({ sign: ' ', text: one })
      left += 1
      right += 1
    } else if (one === undefined || common(left + 1, right) < common(left, right + 1)) {
      lines.push({ sign: '+', text: other ?? '' })
      right += 1
    } else {
      lines.push({ sign: '-', text: one })
      left += 1
    }
  }
}

/** How many lines the ends of both texts have in common, from each pair of positions on. */
function commonLengths(old: string[], now: string[]): Uint32Array {
  const width = now.length + 1
  const lengths = new Uint32Array((old.length + 1) * width)
  for (let left = old.length - 1; left >= 0; left -= 1)
    for (let right = now.length - 1; right >= 0; right -= 1) {
      const same = old[left] === now[right]
      const after = lengths[(left + 1) * width + right + 1] ?? 0
      const skipped = Math.max(lengths[(left + 1) * width + right] ?? 0, lengths[left * width + right + 1] ?? 0)
      lengths[left * width + right] = same ? after + 1 : skipped
    }
  return lengths
}

/** The paths at which two JSON values differ, in the order of their keys: `spec.interval`, `spec.handlers[0]`. */
export function changedValues(before: unknown, after: unknown, path = ''): ChangedValue[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return names.flatMap((name) =>
      changedValues(own(before, name), own(after, name), path === '' ? name : `${path}.${name}`),
    )
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, index) => changedValues(before[index], after[index], `${path}[${index}]`)).flat()
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }]
}

function own(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
