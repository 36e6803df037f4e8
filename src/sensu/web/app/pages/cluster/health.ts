// What the API tells about a cluster, and how /health and /version are read.
import { listOf, recordOf, textOf } from '../../rules/outside.ts'
import type { components } from '../../wire/schema'

/** How much a cluster keeps, and how much it may. */
export type ClusterLoad = components['schemas']['ClusterLoad']

export interface Health {
  members: readonly Member[]
}

export interface Member {
  id: string
  name: string
  healthy: boolean
  problem: string
}

/** The health of each member. */
export function readHealth(answer: unknown): Health {
  const members = listOf(recordOf(answer)['ClusterHealth']).map((member): Member => {
    const { MemberIDHex, Name, Err, Healthy } = recordOf(member)
    return { id: textOf(MemberIDHex), name: textOf(Name), healthy: Healthy === true, problem: textOf(Err) }
  })
  return { members }
}

/** The version of the backend. */
export function readVersion(answer: unknown): { backend: string } {
  return { backend: textOf(recordOf(answer)['sensu_backend'], 'unknown') }
}
