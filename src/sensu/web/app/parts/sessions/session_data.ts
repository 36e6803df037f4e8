// Sessions: reads them, and ends them.
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import type { Outcome } from '../../wire/outcomes.ts'
import { act, ask, pathOf } from '../../wire/requests.ts'

/** A session of a browser or of an access token. */
export interface SessionEntry {
  id: string
  username: string
  web: boolean
  createdS: number
  usedS: number
  expiresS: number
  address: string
  client: string
  /** The session of this browser. */
  current: boolean
}

export interface Sessions {
  entries: readonly SessionEntry[]
  /** There are more than the answer names. */
  partial: boolean
}

const PATH = '/api/sensu/v1/sessions'

/** The sessions of a user; of all users that the caller may see for no name. */
export function readSessions(username: string, signal?: AbortSignal): Promise<Outcome<Sessions>> {
  const query = username === '' ? '' : `?username=${encodeURIComponent(username)}`
  return ask(PATH + query, sessionsOf, { signal })
}

export function endSession(id: string): Promise<Outcome<undefined>> {
  return act(pathOf(`${PATH}/{}`, id), { method: 'DELETE' })
}

function sessionsOf(answer: unknown): Sessions {
  const { sessions, partial } = recordOf(answer)
  return { entries: listOf(sessions).map(entryOf), partial: partial === true }
}

function entryOf(session: unknown): SessionEntry {
  const values = recordOf(session)
  return {
    id: textOf(values['id']),
    username: textOf(values['username']),
    web: values['web'] === true,
    createdS: numberOf(values['created_at']),
    usedS: numberOf(values['used_at']),
    expiresS: numberOf(values['expires_at']),
    address: textOf(values['address']),
    client: textOf(values['client']),
    current: values['current'] === true,
  }
}
