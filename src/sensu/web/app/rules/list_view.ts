// How a list that is loaded as a whole is shown: the words of the search, the order of the URL, and rows that keep their places.

/** What a column is sorted and searched by. */
export interface ListField<Row> {
  /** Its name in the URL. */
  name: string
  /** The words of its cell. */
  text: (row: Row) => string
  /** What it is sorted by, where that is not its words. */
  sort?: (row: Row) => string | number
}

/** A column, and whether its largest values come first. */
export interface ListOrder {
  name: string
  descending: boolean
}

/** Rows as they are shown for now, and how many came or would stand elsewhere. */
export interface KeptRows<Row> {
  rows: readonly Row[]
  gone: ReadonlySet<string>
  waiting: number
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The order of the URL: the name of a column, with `-` before it from the end. The first column where there is no such. */
export function listOrder(text: string, fields: readonly { name: string }[]): ListOrder {
  const descending = text.startsWith('-')
  const name = descending ? text.slice(1) : text
  return fields.some((field) => field.name === name)
    ? { name, descending }
    : { name: fields[0]?.name ?? '', descending: false }
}

/** The order after a click on the head of a column, as the URL has it; empty for the order without a click. */
export function orderAfterClick(order: ListOrder, name: string, fields: readonly { name: string }[]): string {
  const descending = order.name === name && !order.descending
  if (name === fields[0]?.name && !descending) return ''
  return descending ? `-${name}` : name
}

/** The rows that contain every word in one of their fields, in an order; equal ones by the first column. */
export function arranged<Row>(
  rows: readonly Row[],
  fields: readonly ListField<Row>[],
  order: ListOrder,
  word: string,
): Row[] {
  const words = word
    .toLowerCase()
    .split(/\s+/)
    .filter((each) => each !== '')
  const found = rows.filter((row) => hasWords(fields, row, words))
  const by = fields.find((field) => field.name === order.name)
  const [first] = fields
  if (by === undefined || first === undefined) return found
  const sign = order.descending ? -1 : 1
  return found.toSorted((one, other) => sign * compared(by, one, other) || compared(first, one, other))
}

function hasWords<Row>(fields: readonly ListField<Row>[], row: Row, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = fields
    .map((field) => field.text(row))
    .join('\n')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}

function compared<Row>(field: ListField<Row>, one: Row, other: Row): number {
  const [first, second] = [one, other].map((row) => field.sort?.(row) ?? field.text(row))
  if (typeof first === 'number' && typeof second === 'number') return first - second
  return names.compare(String(first), String(second))
}

/** What is shown while nothing may move: new content in the old places; what went stays, what came waits. */
export function keptRows<Row>(shown: readonly Row[], next: readonly Row[], keyOf: (row: Row) => string): KeptRows<Row> {
  const fresh = new Map(next.map((row) => [keyOf(row), row]))
  const before = new Set(shown.map(keyOf))
  const stayed = shown.map(keyOf).filter((key) => fresh.has(key))
  const inOrder = next.map(keyOf).filter((key) => before.has(key))
  const moved = stayed.filter((key, index) => key !== inOrder[index]).length
  return {
    rows: shown.map((row) => fresh.get(keyOf(row)) ?? row),
    gone: new Set([...before].filter((key) => !fresh.has(key))),
    waiting: next.length - inOrder.length + moved,
  }
}
