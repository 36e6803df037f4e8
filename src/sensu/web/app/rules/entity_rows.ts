// Rows of entities as the API gives them, and how their connection is said.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { type StatusOrNone, readStatus } from './status.ts'

/** A row of a list of entities. `lastSeen` is in Unix seconds. */
export interface EntityRow {
  readonly name: string
  readonly entityClass: string
  readonly worst: StatusOrNone
  readonly failing: number
  readonly checks: number
  readonly connected: boolean
  readonly lastSeen: number
  readonly platform: string
  /** Without the one that each entity has of its own. */
  readonly subscriptions: readonly string[]
}

/** A row from an answer. */
export function readEntityRow(value: unknown): EntityRow {
  const row = recordOf(value)
  const name = textOf(row['name'])
  const platform = [textOf(row['platform']), textOf(row['platform_version'])].filter((part) => part !== '')
  return {
    name,
    entityClass: textOf(row['class']),
    worst: readStatus(textOf(row['worst'])) ?? 'none',
    failing: numberOf(row['failing']),
    checks: numberOf(row['checks']),
    connected: row['connected'] === true,
    lastSeen: numberOf(row['last_seen']),
    platform: platform.join(' '),
    subscriptions: listOf(row['subscriptions'])
      .map((each) => textOf(each))
      .filter((each) => each !== '' && each !== `entity:${name}`),
  }
}

export type Connection = 'connected' | 'away' | 'never connected' | 'no agent'

/** Whether the agent of an entity is there. Only entities of the class agent have one. */
export function connectionOf(entity: Pick<EntityRow, 'entityClass' | 'connected' | 'lastSeen'>): Connection {
  if (entity.connected) return 'connected'
  if (entity.entityClass !== 'agent') return 'no agent'
  return entity.lastSeen > 0 ? 'away' : 'never connected'
}

/** "1 of 4 failing", "4 passing", "none". */
export function checksInWords({ checks, failing }: Pick<EntityRow, 'checks' | 'failing'>): string {
  if (checks === 0) return 'none'
  return failing === 0 ? `${checks} passing` : `${failing} of ${checks} failing`
}
