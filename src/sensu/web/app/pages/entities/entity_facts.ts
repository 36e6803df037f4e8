// What the entity pages show of an entity and of its events, read from the API's answers.
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'

/** An entity as the pages show it. */
export interface EntityFacts {
  name: string
  entityClass: string
  lastSeenS: number
  subscriptions: readonly string[]
  labels: readonly (readonly [name: string, value: string])[]
  annotations: readonly (readonly [name: string, value: string])[]
  agentVersion: string
  platform: string
  system: readonly (readonly [name: string, value: string])[]
  addresses: readonly (readonly [name: string, value: string])[]
  processes: readonly (readonly [name: string, value: string])[]
  /** Settings of its agent. */
  agent: readonly (readonly [name: string, value: string])[]
  /** Its agent overwrites what is edited here. */
  isManaged: boolean
  /** As the API gave it. */
  raw: unknown
}

/** An entity of the API's answer. */
export function readEntity(answer: unknown): EntityFacts {
  const entity = recordOf(answer)
  const { name, labels, annotations } = recordOf(entity['metadata'])
  const system = recordOf(entity['system'])
  const facts = ['hostname', 'os', 'platform', 'platform_version', 'arch', 'vm_system', 'cloud_provider']
  return {
    name: textOf(name),
    entityClass: textOf(entity['entity_class']),
    lastSeenS: numberOf(entity['last_seen']),
    subscriptions: listOf(entity['subscriptions']).map((each) => textOf(each)),
    labels: pairsOf(labels),
    annotations: pairsOf(annotations),
    agentVersion: textOf(entity['sensu_agent_version']),
    platform: [textOf(system['platform']), textOf(system['platform_version'])].filter((part) => part !== '').join(' '),
    system: pairsOf(system)
      .filter(([fact, value]) => facts.includes(fact) && value !== '')
      .map(([fact, value]) => [fact.replaceAll('_', ' '), value] as const),
    addresses: addressesOf(system['network']),
    processes: processesOf(system['processes']),
    agent: agentOf(entity),
    isManaged: recordOf(labels)['sensu.io/managed_by'] === 'sensu-agent',
    raw: answer,
  }
}

function pairsOf(record: unknown): (readonly [string, string])[] {
  return Object.entries(recordOf(record)).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
}

const MOST_PROCESSES = 200

function processesOf(processes: unknown): (readonly [string, string])[] {
  return listOf(processes)
    .slice(0, MOST_PROCESSES)
    .map((each) => [textOf(recordOf(each)['name']), `pid ${numberOf(recordOf(each)['pid'])}`] as const)
}

function agentOf(entity: Readonly<Record<string, unknown>>): (readonly [string, string])[] {
  const handler = textOf(recordOf(entity['deregistration'])['handler'])
  const deregisters = handler === '' ? 'when its keepalives stop' : `when its keepalives stop; ${handler} is informed`
  const facts = [
    ['user', textOf(entity['user'])],
    ['deleted', entity['deregister'] === true ? deregisters : ''],
    [
      'redacted',
      listOf(entity['redact'])
        .map((each) => textOf(each))
        .join(', '),
    ],
  ] as const
  return entity['entity_class'] === 'agent' ? facts.filter(([, value]) => value !== '') : []
}

function addressesOf(network: unknown): (readonly [string, string])[] {
  return listOf(recordOf(network)['interfaces']).flatMap((each) => {
    const { name, addresses } = recordOf(each)
    const known = listOf(addresses).map((address) => textOf(address))
    return known.length === 0 ? [] : [[textOf(name), known.join(', ')] as const]
  })
}
