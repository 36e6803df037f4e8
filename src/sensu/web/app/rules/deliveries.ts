// Deliveries as the API gives them, and in words: to which handlers, what failed, when the next attempt is.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { relativeTime } from './time_words.ts'
import { counted, listed } from './words.ts'

export type DeliveryState = 'owed' | 'dead'

/** A row of a list of deliveries. Times are Unix seconds, 0 is unknown. */
export interface DeliveryRow {
  /** The id as a text. */
  readonly name: string
  readonly state: DeliveryState
  readonly entity: string
  readonly check: string
  readonly handlers: readonly string[]
  readonly attempts: number
  readonly error: string
  readonly eventAt: number
  readonly dueAt: number
}

/** Deliveries to the same handlers with the same last error. */
export interface DeliveryGroup {
  readonly state: DeliveryState
  readonly handlers: readonly string[]
  readonly error: string
  readonly number: number
}

/** A row from an answer. */
export function readDeliveryRow(value: unknown): DeliveryRow {
  const row = recordOf(value)
  return {
    name: String(numberOf(row['id'])),
    ...readGroupParts(row),
    entity: textOf(row['entity']),
    check: textOf(row['check']),
    attempts: numberOf(row['attempts']),
    eventAt: numberOf(row['event_at']),
    dueAt: numberOf(row['due_at']),
  }
}

/** A group from an answer. */
export function readDeliveryGroup(value: unknown): DeliveryGroup {
  const group = recordOf(value)
  return { ...readGroupParts(group), number: numberOf(group['number']) }
}

function readGroupParts(value: Readonly<Record<string, unknown>>): Omit<DeliveryGroup, 'number'> {
  return {
    state: value['state'] === 'dead' ? 'dead' : 'owed',
    handlers: listOf(value['handlers']).map((name) => textOf(name)),
    error: textOf(value['error']),
  }
}

/** The handlers in words; some workflows no longer name one. */
export function handlersOf({ handlers }: Pick<DeliveryGroup, 'handlers'>): string {
  return handlers.length === 0 ? 'no known handler' : listed(handlers)
}

/** The last error, or that there was no attempt yet. */
export function errorOf({ error }: Pick<DeliveryGroup, 'error'>): string {
  return error === '' ? 'not tried yet' : error
}

/** Entity and check, as far as the event can be read. */
export function eventOf({ entity, check }: { entity: string; check: string }): string {
  const names = [entity, check].filter((name) => name !== '')
  return names.length === 0 ? 'an event that cannot be read' : names.join('/')
}

/** What happens next: "next attempt in 5 s", "given up". */
export function nextOf({ state, dueAt }: { state: DeliveryState; dueAt: number }, nowS: number): string {
  if (state === 'dead') return 'given up'
  if (dueAt <= nowS) return 'soon'
  return relativeTime(dueAt, nowS)
}

/** The number of attempts in words. */
export function attemptsOf(attempts: number): string {
  return attempts === 0 ? 'none yet' : counted(attempts, 'attempt')
}

/** A delivery with what is left of it to do, from an answer. */
export interface DeliveryFacts extends Omit<DeliveryRow, 'handlers' | 'error'> {
  readonly why: string
  readonly workflows: readonly OwedWorkflow[]
  /** The event as it was handed over. */
  readonly event: unknown
}

/** A workflow that is left to do. */
export interface OwedWorkflow {
  readonly workflow: string
  readonly handler: string
  readonly attempts: number
  readonly dueAt: number
  readonly error: string
}

/** Whether a workflow is tried again only with the whole delivery, because it was given up. */
export function isGivenUp({ attempts, error }: Pick<OwedWorkflow, 'attempts' | 'error'>): boolean {
  return attempts === 0 && error !== ''
}

export function readDelivery(value: unknown): DeliveryFacts {
  const found = recordOf(value)
  const { name, state, entity, check, attempts, eventAt, dueAt } = readDeliveryRow(found)
  const workflows = listOf(found['workflows']).map(readWorkflow)
  return {
    name,
    state,
    entity,
    check,
    attempts,
    eventAt,
    dueAt,
    workflows,
    why: textOf(found['why']),
    event: found['event'],
  }
}

function readWorkflow(value: unknown): OwedWorkflow {
  const { workflow, handler, attempts, due_at: dueAt, why } = recordOf(value)
  return {
    workflow: textOf(workflow),
    handler: textOf(handler),
    attempts: numberOf(attempts),
    dueAt: numberOf(dueAt),
    error: textOf(why),
  }
}

/** "More than 20 must be typed": what must be typed before so many are discarded, empty for a few. */
export function typedFor(number: number): string {
  return number > 20 ? String(number) : ''
}
