// The business services of a namespace: which components each depends on, and how its rules judged it last.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { type StatusOrNone, severityRank, statusOf } from './status.ts'
import { counted } from './words.ts'

/** A component, as far as the list of services needs it. */
export interface ServiceComponent {
  name: string
  services: readonly string[]
  rules: readonly string[]
}

/** The last event of a rule about a service. */
export interface ServiceEvent {
  rule: string
  status: StatusOrNone
  silenced: boolean
  output: string
}

/** A service: the worst comes first among its events. */
export interface ServiceRow {
  name: string
  status: StatusOrNone
  silenced: boolean
  events: readonly ServiceEvent[]
  components: readonly string[]
}

/** A component of the API's answer. */
export function readComponent(resource: unknown): ServiceComponent {
  const { metadata, spec } = recordOf(resource)
  const { services, rules } = recordOf(spec)
  return {
    name: textOf(recordOf(metadata)['name']),
    services: listOf(services).map((each) => textOf(each)),
    rules: listOf(rules).map((each) => textOf(recordOf(each)['name'])),
  }
}

/** The events of one service in the API's answer. */
export function readServiceEvents(answer: unknown): ServiceEvent[] {
  return listOf(answer).map((event): ServiceEvent => {
    const check = recordOf(recordOf(event)['check'])
    return {
      rule: textOf(recordOf(check['metadata'])['name']),
      status: statusOf(numberOf(check['status'])),
      silenced: check['is_silenced'] === true,
      output: textOf(check['output']).trim(),
    }
  })
}

/** The names of all services that components have, in order. */
export function namesOfServices(components: readonly ServiceComponent[]): string[] {
  return [...new Set(components.flatMap(({ services }) => services))].sort((one, other) => one.localeCompare(other))
}

/** The service of a name, with its events; a rule without one has no result yet. */
export function serviceOf(
  name: string,
  components: readonly ServiceComponent[],
  found: readonly ServiceEvent[],
): ServiceRow {
  const own = components.filter(({ services }) => services.includes(name))
  const missing = own
    .flatMap(({ rules }) => rules)
    .filter((rule) => !found.some((event) => event.rule === rule))
    .map((rule): ServiceEvent => ({ rule, status: 'none', silenced: false, output: '' }))
  const events = [...found, ...missing].sort((one, other) => rankOf(one) - rankOf(other))
  return {
    name,
    status: events[0]?.status ?? 'none',
    silenced: events[0]?.silenced ?? false,
    events,
    components: own.map((component) => component.name),
  }
}

/** The order of severity; silenced events come after others, and passing ones last. */
export function rankOf({ status, silenced }: Pick<ServiceEvent, 'status' | 'silenced'>): number {
  if (status === 'passing') return 9
  if (status === 'none') return 8
  return severityRank(status) + (silenced ? 4 : 0)
}

/** What the worst rule said, after its name: "webservers-70: CRITICAL: Less than 70% …". */
export function worstInWords({ events }: ServiceRow): string {
  const [worst] = events
  if (worst === undefined) return 'no rules'
  return `${worst.rule}: ${worst.output || 'not evaluated yet'}`
}

/** How many rules there are, and how many of them are not passing: "3 rules, 1 failing". */
export function rulesInWords({ events }: ServiceRow): string {
  const failing = events.filter(({ status }) => status !== 'passing' && status !== 'none').length
  return counted(events.length, 'rule') + (failing > 0 ? `, ${failing} failing` : '')
}
