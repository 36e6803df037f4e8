// What a page shows, read from the query of its URL and written back: search text, filters, order, columns, moment.
import { type Status, readStatus } from './status.ts'

/** The part of the URL that says what is seen. Empty values are left out of the URL. */
export interface View {
  q: string
  status: readonly Status[]
  /** Only silenced ones, none of them, or all (undefined). */
  silenced: boolean | undefined
  order: string
  cols: readonly string[]
  group: string
  /** The names of the groups that are open. */
  open: readonly string[]
  tab: string
  /** Ends of the shown window and the moment of time travel: seconds, or a relative text such as "24h". */
  from: string
  to: string
  at: string
  utc: boolean
}

/** The view that a query describes. Unknown or malformed values count as left out. */
export function viewOfQuery(query: string): View {
  const params = new URLSearchParams(query)
  const text = (name: string) => params.get(name) ?? ''
  return {
    q: text('q'),
    status: list(text('status')).flatMap((word) => readStatus(word) ?? []),
    silenced: readFlag(text('silenced')),
    order: text('order'),
    cols: list(text('cols')),
    group: text('group'),
    open: list(text('open')).map(withoutEscapes),
    tab: text('tab'),
    from: text('from'),
    to: text('to'),
    at: text('at'),
    utc: text('utc') === '1',
  }
}

/** The query after some of the view changed; parameters that a view does not know stay as they are. */
export function changedQuery(query: string, changes: Partial<View>): string {
  const params = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    const written = name === 'utc' ? utcAsText(value === true) : asText(name === 'open' ? escaped(changes.open) : value)
    if (written === '') params.delete(name)
    else params.set(name, written)
  }
  const text = readable(params.toString())
  return text === '' ? '' : `?${text}`
}

/** One parameter of a query that only one page knows. */
export function parameter(query: string, name: string): string {
  return new URLSearchParams(query).get(name) ?? ''
}

/** The query with such a parameter set, or without it where the value is empty. */
export function withParameter(query: string, name: string, value: string): string {
  const params = new URLSearchParams(query)
  if (value === '') params.delete(name)
  else params.set(name, value)
  const text = readable(params.toString())
  return text === '' ? '' : `?${text}`
}

function asText(value: View[keyof View]): string {
  if (value === undefined || value === '') return ''
  if (typeof value === 'object') return value.join(',')
  return String(value)
}

function utcAsText(utc: boolean): string {
  return utc ? '1' : ''
}

/** Names of groups may contain commas, and events without a label are a group without a name. */
function escaped(names: readonly string[] = []): string[] {
  return names.map((name) => (name === '' ? '~' : name.replaceAll(/[%,~]/g, (sign) => HEX.get(sign) ?? sign)))
}

function withoutEscapes(text: string): string {
  if (text === '~') return ''
  return [...HEX].reduce((name, [sign, hex]) => name.replaceAll(hex, sign), text)
}

/** `%` is the last one that is read back. */
const HEX = new Map([
  [',', '%2C'],
  ['~', '%7E'],
  ['%', '%25'],
])

function readFlag(text: string): boolean | undefined {
  if (text === 'true') return true
  return text === 'false' ? false : undefined
}

function list(text: string): string[] {
  return text.split(',').filter((item) => item !== '')
}

/** Commas and colons may stand in a query as they are, which keeps links readable. */
function readable(query: string): string {
  return query.replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/')
}
