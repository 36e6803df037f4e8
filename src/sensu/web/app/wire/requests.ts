// Requests: `await read('/api/…/{namespace}/…', [namespace], signal)` with types of the API's document, or `ask(path, reader)`.
import { requestPath } from '../rules/clusters.ts'
import { jsonOf } from '../rules/outside.ts'
import { type Outcome, answered, refused, unreachable, whyRefused } from './outcomes.ts'
import { patientFetch } from './patience.ts'
import type { paths } from './schema'

/** What each path of the API answers to a GET request; the document of the API says so. */
type Answers = {
  [Path in keyof paths]: paths[Path] extends {
    get: { responses: { 200: { content: { 'application/json': infer Answer } } } }
  }
    ? Answer
    : never
}

/** Reads a document of the API. The compiler checks the path, in which names stand for `{…}`, and what is answered. */
export function read<Path extends keyof Answers>(
  path: Path,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<Answers[Path]>>
export function read(path: string, names: readonly string[], signal: AbortSignal): Promise<Outcome<unknown>> {
  return ask(pathOf(path, ...names), (answer) => answer, { signal })
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

/** A path with names in it, percent-encoded: `pathOf('/api/core/v2/namespaces/{}/events', namespace)`. A name may be written in the braces. */
export function pathOf(pattern: string, ...names: string[]): string {
  const rest = [...names]
  return pattern.replaceAll(/\{\w*\}/g, () => encodeURIComponent(rest.shift() ?? ''))
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
