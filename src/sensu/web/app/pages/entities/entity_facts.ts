// What the entity pages show of an entity and of its events, read from the API's answers.
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import { type Status, severityRank, statusOf } from '../../rules/status.ts'

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
}

/** One of its checks as it is now. */
export interface EntityCheck {
  check: string
  status: Status
  silenced: boolean
  flapping: boolean
  executedS: number
  line: string
}

const LINE_CHARACTERS = 160

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
  }
}

/** The checks of an entity from its events, the worst first. */
export function readChecks(answer: unknown): EntityCheck[] {
  return listOf(answer)
    .map(checkOf)
    .toSorted((a, b) => severityRank(a.status) - severityRank(b.status) || a.check.localeCompare(b.check))
}

function checkOf(event: unknown): EntityCheck {
  const check = recordOf(recordOf(event)['check'])
  const [line = ''] = textOf(check['output']).trimStart().split('\n', 1)
  return {
    check: textOf(recordOf(check['metadata'])['name']),
    status: statusOf(numberOf(check['status'])),
    silenced: listOf(check['silenced']).length > 0,
    flapping: check['state'] === 'flapping',
    executedS: numberOf(check['executed']),
    line: line.slice(0, LINE_CHARACTERS),
  }
}

function pairsOf(record: unknown): (readonly [string, string])[] {
  return Object.entries(recordOf(record)).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
}

function addressesOf(network: unknown): (readonly [string, string])[] {
  return listOf(recordOf(network)['interfaces']).flatMap((each) => {
    const { name, addresses } = recordOf(each)
    const known = listOf(addresses).map((address) => textOf(address))
    return known.length === 0 ? [] : [[textOf(name), known.join(', ')] as const]
  })
}
