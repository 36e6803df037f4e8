// Typed requests: `await outcomeOf(api.GET('/api/…', { params }))`, or `ask(path, read)` where a reader checks the answer.
import createClient from 'openapi-fetch'

import { requestPath } from '../rules/clusters.ts'
import { jsonOf } from '../rules/outside.ts'
import { type Outcome, answered, refused, unreachable, whyRefused } from './outcomes.ts'
import { patientFetch } from './patience.ts'
import type { paths } from './schema'

/** Every operation of the API; paths, parameters, bodies and answers are checked by the compiler. */
export const api = createClient<paths>({
  baseUrl: globalThis.location.origin + requestPath('/api/').slice(0, -5),
  fetch: patientFetch,
})

/** What one of these operations came to. */
export async function outcomeOf<T>(
  asked: Promise<{ data?: T | undefined; error?: unknown; response: Response }>,
): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await asked
    if (!response.ok) return refused(response.status, whyRefused(response.status, error))
    return data === undefined ? refused(response.status, 'The answer is empty.') : answered(data, etagOf(response))
  } catch (error) {
    return unreachable(reasonOf(error))
  }
}

/** How `ask` asks. A body is sent as JSON unless it is a text of another type. */
export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  type?: string
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
}

/** Asks for a path and reads the answer by `read`, which gets JSON, the text where it is none, or undefined for nothing. */
export async function ask<T>(path: string, read: (answer: unknown) => T, question: Question = {}): Promise<Outcome<T>> {
  try {
    const response = await patientFetch(requestOf(path, question))
    const text = await response.text()
    const body = text === '' ? undefined : (jsonOf(text) ?? text)
    if (!response.ok) return refused(response.status, whyRefused(response.status, body))
    return answered(read(body), etagOf(response), response.headers.get('Sensu-Continue') ?? '')
  } catch (error) {
    return unreachable(reasonOf(error))
  }
}

/** Asks for something whose answer, if it is not refused, says nothing. */
export function act(path: string, question: Question): Promise<Outcome<undefined>> {
  return ask(path, () => undefined, question)
}

/** A path with names in it, percent-encoded: `pathOf('/api/core/v2/namespaces/{}/events', namespace)`. */
export function pathOf(pattern: string, ...names: string[]): string {
  const rest = [...names]
  return pattern.replaceAll('{}', () => encodeURIComponent(rest.shift() ?? ''))
}

function requestOf(path: string, { method = 'GET', body, type, headers, signal }: Question): Request {
  const written = typeof body === 'string' && type !== undefined ? body : JSON.stringify(body)
  return new Request(new URL(requestPath(path), globalThis.location.origin), {
    method,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: written }),
    ...(signal === undefined ? {} : { signal }),
  })
}

function etagOf(response: Response): string {
  return response.headers.get('ETag') ?? ''
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return error.message
  return 'the backend cannot be reached'
}
