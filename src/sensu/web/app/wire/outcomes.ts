// What a request comes to, as a value: answered, refused by the server, or the server cannot be reached.
import { isRecord, textOf } from '../rules/outside.ts'

/** The server's answer. */
export interface Answered<T> {
  kind: 'answered'
  data: T
  etag: string
  /** Where the next page of a list begins; an empty text: there is none. */
  next: string
}

/** The server said no; `why` is its sentence. */
export interface Refused {
  kind: 'refused'
  status: number
  why: string
}

/** No answer came: the network, the server, or the time-out. */
export interface Unreachable {
  kind: 'unreachable'
  why: string
}

export type Outcome<T> = Answered<T> | Refused | Unreachable

export function answered<T>(data: T, etag = '', next = ''): Answered<T> {
  return { kind: 'answered', data, etag, next }
}

export function refused(status: number, why: string): Refused {
  return { kind: 'refused', status, why }
}

export function unreachable(why: string): Unreachable {
  return { kind: 'unreachable', why }
}

const WHY_CHARACTERS = 2000

/** The reason in the body of a refusal: `{message}`, `{Message}` or plain text; a sentence for the status where it says nothing. */
export function whyRefused(status: number, body: unknown): string {
  const said = isRecord(body) ? textOf(body['message']) || textOf(body['Message']) : textOf(body)
  const text = said.trim()
  return text === '' || text.startsWith('<') ? sentenceFor(status) : text.slice(0, WHY_CHARACTERS)
}

function sentenceFor(status: number): string {
  const sentences = new Map([
    [401, 'You are not signed in.'],
    [403, 'Your roles do not allow this.'],
    [404, 'This does not exist.'],
    [409, 'It was changed by somebody else in the meantime.'],
    [412, 'It was changed by somebody else in the meantime.'],
    [413, 'This is larger than the backend accepts.'],
    [429, 'Too many requests at once. Try again in a moment.'],
    [502, 'The backend does not answer.'],
    [503, 'The backend is starting or busy.'],
  ])
  return sentences.get(status) ?? `The backend answered with status ${status}.`
}
