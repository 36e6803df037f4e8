// Resolves, deletes or runs again what an event is of, with the outcome as a sentence.
import { jsonOf, recordOf, textOf } from '../../rules/outside.ts'
import type { SilenceTarget } from '../../rules/silence_terms.ts'
import { ask, pathOf } from '../../wire/requests.ts'

/** Why it was not done; empty when it was. */
export async function actOnEvent(
  { namespace, entity, check }: SilenceTarget,
  action: 'resolve' | 'delete' | 'execute',
): Promise<string> {
  const outcome = await ask(pathOf('/api/sensu/v1/namespaces/{}/events/bulk', namespace), firstLine, {
    method: 'POST',
    body: { action, of: [[entity, check]] },
  })
  if (outcome.kind !== 'answered') return outcome.why
  const { outcome: came, why } = recordOf(outcome.data)
  return came === 'done' ? '' : textOf(why) || `the event is ${textOf(came, 'as it was')}`
}

/** The answer has a line for each event, and one that sums up. */
function firstLine(answer: unknown): unknown {
  return typeof answer === 'string' ? jsonOf(answer.split('\n')[0] ?? '') : answer
}
