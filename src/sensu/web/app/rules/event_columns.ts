// The columns of a list of events: which there are, which are shown, and how the room is shared among them.

/** A column; `width` is a track of a CSS grid. */
export interface EventColumn {
  name: string
  title: string
  width: string
  /** The narrowest list, in px, that shows it by default. */
  fromPx: number
  /** Numbers stand at the right. */
  isNumber?: boolean
}

const KNOWN: readonly EventColumn[] = [
  { name: 'entity', title: 'Entity', width: 'minmax(7rem, 1.4fr)', fromPx: 0 },
  { name: 'check', title: 'Check', width: 'minmax(6rem, 1.2fr)', fromPx: 0 },
  { name: 'output', title: 'Output', width: 'minmax(6rem, 3fr)', fromPx: 0 },
  { name: 'history', title: 'Last results', width: '6.5625rem', fromPx: 820 },
  { name: 'since', title: 'Since', width: '4.25rem', fromPx: 0, isNumber: true },
  { name: 'occurrences', title: '×', width: '3rem', fromPx: 720, isNumber: true },
  { name: 'handled', title: 'Handled', width: '6.75rem', fromPx: 820 },
  { name: 'executed', title: 'Last result', width: '5.5rem', fromPx: 0, isNumber: true },
  { name: 'due', title: 'Next result', width: '5.5rem', fromPx: 0, isNumber: true },
  { name: 'class', title: 'Class', width: '5rem', fromPx: 0 },
  { name: 'silenced', title: 'Silenced by', width: 'minmax(6rem, 1fr)', fromPx: 0 },
]
const BY_DEFAULT = ['entity', 'check', 'output', 'history', 'since', 'occurrences', 'handled']
const FIELD = /^[A-Za-z_][\w-]*(\.[^,\s]+)+$/
const MOST = 20

/** The columns to show in a list of this width. Names with a dot are fields of the event, such as `labels.region`. */
export function shownColumns(names: readonly string[], widthPx: number): EventColumn[] {
  const chosen = names.length > 0
  const columns = (chosen ? names : BY_DEFAULT).flatMap((name) => columnOf(name) ?? [])
  return columns.filter((column) => chosen || column.fromPx <= widthPx).slice(0, MOST)
}

/** All columns that can be chosen, those of fields that are shown now among them. */
export function choosableColumns(names: readonly string[]): EventColumn[] {
  const fields = names.filter((name) => FIELD.test(name)).flatMap((name) => columnOf(name) ?? [])
  return [...KNOWN, ...fields]
}

/** What the URL names after a column was switched on or off; nothing where that is the default again. */
export function toggledColumns(names: readonly string[], name: string): string[] {
  const shown = names.length > 0 ? names : BY_DEFAULT
  const order = [...KNOWN.map((column) => column.name), ...names.filter((each) => FIELD.test(each)), name]
  const wanted = shown.includes(name) ? shown.filter((each) => each !== name) : [...shown, name]
  const sorted = [...new Set(order)].filter((each) => wanted.includes(each))
  return sorted.length === 0 || sorted.join() === BY_DEFAULT.join() ? [] : sorted
}

/** Whether a column is shown when the list is wide enough. */
export function isColumnShown(names: readonly string[], name: string): boolean {
  return (names.length > 0 ? names : BY_DEFAULT).includes(name)
}

/** The fields that the server is asked for. */
export function fieldsOf(names: readonly string[]): string[] {
  return names.filter((name) => FIELD.test(name)).slice(0, MOST)
}

function columnOf(name: string): EventColumn | undefined {
  const known = KNOWN.find((column) => column.name === name)
  if (known !== undefined) return known
  return FIELD.test(name) ? { name, title: name, width: 'minmax(5rem, 1fr)', fromPx: 0 } : undefined
}
