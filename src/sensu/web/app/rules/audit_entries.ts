// Entries of the audit log: which ones a question asks for, what they say in words, and what they changed.
import { type ChangedValue, changedValues } from './differences.ts'
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'
import { quoted } from './search_tokens.ts'

/** Which entries are asked for; empty texts ask for all. */
export interface AuditQuestion {
  username: string
  action: string
  type: string
  /** A part of the name. */
  name: string
  sinceS: number
}

/** One entry. `before` and `after` are without secrets: the backend leaves them out. */
export interface AuditEntry {
  id: number
  atS: number
  username: string
  address: string
  via: string
  action: string
  type: string
  namespace: string
  name: string
  before: unknown
  after: unknown
  secretsChanged: boolean
  suppressed: number
}

export const ACTIONS = [
  'create',
  'update',
  'delete',
  'execute',
  'resolve',
  'retry',
  'discard',
  'end',
  'login',
  'logout',
  'login refused',
  'session ended',
  'test',
] as const

/** The query of a question, as the list and the export take it. */
export function auditQuery({ username, action, type, name, sinceS }: AuditQuestion): URLSearchParams {
  const query = new URLSearchParams()
  if (sinceS > 0) query.set('from', String(Math.floor(sinceS)))
  const equal = { username, action, type }
  for (const [field, value] of Object.entries(equal))
    if (value !== '') query.append('fieldSelector', `audit.${field} == ${quoted(value)}`)
  if (name !== '') query.append('fieldSelector', `audit.name matches ${quoted(name)}`)
  return query
}

/** The entries in an answer. */
export function readAudit(answer: unknown): AuditEntry[] {
  return listOf(answer).map((entry) => {
    const values = recordOf(entry)
    const text = (key: string) => textOf(values[key])
    return {
      id: numberOf(values['id']),
      atS: numberOf(values['at']),
      username: text('username'),
      address: text('address'),
      via: text('via'),
      action: text('action'),
      type: text('type'),
      namespace: text('namespace'),
      name: text('name'),
      before: values['before'],
      after: values['after'],
      secretsChanged: values['secrets_changed'] === true,
      suppressed: numberOf(values['suppressed']),
    }
  })
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ['create', 'created'],
  ['update', 'changed'],
  ['delete', 'deleted'],
  ['execute', 'ran'],
  ['resolve', 'resolved'],
  ['retry', 'tried again'],
  ['discard', 'discarded'],
  ['end', 'ended a session of'],
  ['login', 'signed in'],
  ['logout', 'signed out'],
  ['login refused', 'was refused at sign-in'],
  ['session ended', 'was signed out'],
  ['test', 'tried a log-in at'],
])

/** What somebody did, without the name of the thing: "changed", "ended a session of". */
export function actionInWords(action: string): string {
  return VERBS.get(action) ?? action
}

/** What an entry changed, value by value; a new or deleted thing has all its values on one side. */
export function changesOf({ before, after }: AuditEntry): ChangedValue[] {
  if (before === undefined && after === undefined) return []
  return changedValues(isRecord(before) ? before : {}, isRecord(after) ? after : {})
}

/** A value in one line, as JSON; an empty text where there is none. */
export function valueInWords(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
