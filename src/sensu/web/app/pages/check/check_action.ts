// What is asked of the API for one check: run it, publish it, copy it, delete it with its events. Each answers why not, or nothing.
import { copyOf } from '../../rules/check_facts.ts'
import { jsonOf, recordOf, textOf } from '../../rules/outside.ts'
import { quoted } from '../../rules/search_tokens.ts'
import type { Outcome } from '../../wire/outcomes.ts'
import { act, ask, pathOf } from '../../wire/requests.ts'

/** Runs a check on the agents of subscriptions; none: those of the check. */
export async function requested(namespace: string, name: string, subscriptions: readonly string[]): Promise<string> {
  const path = pathOf('/api/core/v2/namespaces/{}/checks/{}/execute', namespace, name)
  return why(await act(path, { method: 'POST', body: subscriptions.length === 0 ? {} : { subscriptions } }))
}

/** Puts a check into the schedule, or takes it out. */
export async function published(namespace: string, name: string, wanted: boolean): Promise<string> {
  const path = pathOf('/api/sensu/v1/namespaces/{}/checks/bulk', namespace)
  const outcome = await ask(path, firstLine, {
    method: 'POST',
    body: { action: wanted ? 'publish' : 'unpublish', of: [name] },
  })
  if (outcome.kind !== 'answered') return outcome.why
  const { outcome: came, why: reason } = recordOf(outcome.data)
  return came === 'done' ? '' : textOf(reason) || 'the check is as it was'
}

/** Creates a check like another one, which does not run before it is published. */
export async function copied(namespace: string, raw: Readonly<Record<string, unknown>>, name: string): Promise<string> {
  const path = pathOf('/api/core/v2/namespaces/{}/checks', namespace)
  const outcome = await act(path, { method: 'POST', body: copyOf(raw, name) })
  return outcome.kind === 'refused' && outcome.status === 409 ? `check ${name} exists already` : why(outcome)
}

/** Deletes a check, and the events of it that match now. */
export async function deleted(namespace: string, name: string, events: number): Promise<string> {
  const gone = why(await act(pathOf('/api/core/v2/namespaces/{}/checks/{}', namespace, name), { method: 'DELETE' }))
  if (gone !== '' || events === 0) return gone
  const where = { fieldSelector: [`event.check.name == ${quoted(name)}`] }
  const path = pathOf('/api/sensu/v1/namespaces/{}/events/bulk', namespace)
  const left = why(await act(path, { method: 'POST', body: { action: 'delete', where, expect: events } }))
  return left === '' ? '' : `the check is deleted, but not its events: ${left}`
}

function why(outcome: Outcome<unknown>): string {
  return outcome.kind === 'answered' ? '' : outcome.why
}

/** The answer has a line for each item, and one that sums up. */
function firstLine(answer: unknown): unknown {
  return typeof answer === 'string' ? jsonOf(answer.split('\n')[0] ?? '') : answer
}
