// Trying deliveries again and discarding them: `await actOnDeliveries(namespace, 'retry', { of })` gives the reason why not, or an empty text.
import { type BulkOf, bulkInWords, readBulkAnswer } from '../rules/bulk.ts'
import type { DeliveryGroup } from '../rules/deliveries.ts'
import { asSentence } from '../rules/words.ts'
import { ask, pathOf } from '../wire/requests.ts'
import { rights } from './rights.svelte.ts'
import { toasts } from './toasts.svelte.ts'

export type DeliveryAction = 'retry' | 'discard'

/** Which deliveries: their ids, or a whole group of so many. */
export type DeliveriesOf = { of: readonly string[] } | Extract<BulkOf, { where: unknown }>

/** The whole of a group; if another number belongs to it by then, nothing is done. */
export function wholeGroup({ state, handlers, error, number }: DeliveryGroup): DeliveriesOf {
  return { where: { state, handlers, error }, expect: number }
}

/** Acts on deliveries and says what was done. */
export async function actOnDeliveries(namespace: string, action: DeliveryAction, which: DeliveriesOf): Promise<string> {
  const path = pathOf('/api/sensu/v1/namespaces/{}/deliveries/bulk', namespace)
  const outcome = await ask(path, readBulkAnswer, { method: 'POST', body: { action, ...which } })
  if (outcome.kind === 'answered') {
    toasts.say(bulkInWords(action, outcome.data, '', ['delivery', 'deliveries']))
    return ''
  }
  if (outcome.kind === 'refused' && outcome.status === 403) void rights.again()
  if (outcome.kind === 'refused' && outcome.status === 409) return `${asSentence(outcome.why)} Look at the group again.`
  return asSentence(outcome.why)
}
