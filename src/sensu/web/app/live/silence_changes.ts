// Ending and extending silences, each with Undo: `await endSilence(namespace, name)` gives the reason why not, or an empty text.
import { recordOf } from '../rules/outside.ts'
import { readSilence, scopeOf, withEnd } from '../rules/silences.ts'
import { relativeTime } from '../rules/time_words.ts'
import { asSentence } from '../rules/words.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { act, ask, pathOf } from '../wire/requests.ts'
import { clock } from './clock.svelte.ts'
import { toasts } from './toasts.svelte.ts'

const ONE = '/api/core/v2/namespaces/{}/silenced/{}'

/** Ends a silence. */
export async function endSilence(namespace: string, name: string): Promise<string> {
  const path = pathOf(ONE, namespace, name)
  const stored = await ask(path, recordOf)
  const outcome = stored.kind === 'answered' ? await act(path, { method: 'DELETE' }) : stored
  if (stored.kind !== 'answered' || outcome.kind !== 'answered') return reasonOf(outcome)
  const scope = scopeOf(readSilence(stored.data))
  toasts.say(`The silence of ${scope} has ended.`, {
    does: 'Undo',
    action: () => void takeBack(path, stored.data, `The silence of ${scope} holds again.`),
  })
  return ''
}

/** Gives a silence another end (0: none by itself) under the same name, so that it holds all the time. */
export async function setEnd(namespace: string, name: string, expireAt: number): Promise<string> {
  const path = pathOf(ONE, namespace, name)
  const stored = await ask(path, recordOf)
  if (stored.kind !== 'answered') return reasonOf(stored)
  const headers = stored.etag === '' ? {} : { 'If-Match': stored.etag }
  const outcome = await act(path, { method: 'PUT', body: withEnd(stored.data, expireAt), headers })
  if (outcome.kind !== 'answered') return reasonOf(outcome)
  const silence = readSilence(stored.data)
  const end = expireAt === 0 ? 'does not end by itself' : `ends ${relativeTime(expireAt, clock.exactS())}`
  const before = withEnd(stored.data, silence.expireAt)
  toasts.say(`The silence of ${scopeOf(silence)} ${end}.`, {
    does: 'Undo',
    action: () => void takeBack(path, before, 'The silence ends as before.'),
  })
  return ''
}

async function takeBack(path: string, body: unknown, done: string): Promise<void> {
  const outcome = await act(path, { method: 'PUT', body })
  toasts.say(outcome.kind === 'answered' ? done : asSentence(outcome.why))
}

function reasonOf(outcome: Outcome<unknown>): string {
  if (outcome.kind === 'answered') return ''
  if (outcome.kind === 'refused' && outcome.status === 404) return 'This silence has ended already.'
  return asSentence(outcome.why)
}
