// What a cluster keeps and how much it may: words for sizes, and what happens at the bounds.
import { bytesInWords, counted, numberInWords, percent } from './words.ts'

/** Something that grows up to a bound. */
export interface Bounded {
  name: string
  used: number
  used_max: number
  unit: string
}

/** A bound as the page shows it. `status` is that of the mark: a full queue holds events back, a full log drops its oldest. */
export interface BoundLine {
  title: string
  words: string
  share: number
  status: 'passing' | 'warning' | 'critical'
  atTheBound: string
}

const DROPPED = 'At the bound the oldest are dropped.'
const HELD_BACK = 'At the bound new events are held back.'
const TITLES: ReadonlyMap<string, readonly [title: string, noun: string, atTheBound: string]> = new Map([
  ['deliveries', ['Pending deliveries', 'delivery', HELD_BACK]],
  ['delivery_bytes', ['Events of pending deliveries', '', HELD_BACK]],
  ['result_bytes', ['Kept results', '', DROPPED]],
  ['change_bytes', ['Kept state changes', '', DROPPED]],
  ['audit_entries', ['Audit log', 'entry', DROPPED]],
])
const [WORTH_SAYING, NEARLY, FULL] = [0.01, 0.8, 0.95]
const STORES: ReadonlyMap<string, string> = new Map([
  ['sqlite', 'SQLite'],
  ['postgresql', 'PostgreSQL'],
])

/** The line of a bound; undefined for one that this version does not know. */
export function boundLine({ name, used, used_max: most, unit }: Bounded): BoundLine | undefined {
  const known = TITLES.get(name)
  if (known === undefined) return undefined
  const [title, noun, atTheBound] = known
  const words =
    unit === 'bytes'
      ? `${bytesInWords(used)} of ${bytesInWords(most)}`
      : `${numberInWords(used)} of ${counted(most, noun, noun === 'entry' ? 'entries' : 'deliveries')}`
  const share = most > 0 ? Math.min(1, used / most) : 0
  const holdsBack = atTheBound === HELD_BACK
  const status = !holdsBack || share < NEARLY ? 'passing' : share < FULL ? 'warning' : 'critical'
  const part = share < WORTH_SAYING ? '' : ` (${percent(used, most)})`
  return { title, words: words + part, share, status, atTheBound }
}

/** "SQLite, 1.5 MiB". */
export function databaseInWords(store: string, bytes: number): string {
  return `${STORES.get(store) ?? store}, ${bytesInWords(bytes)}`
}
