// Namespaces with what they hold: the names that the caller may see, and their counts where the caller may see those.
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import { type Outcome, answered } from '../../wire/outcomes.ts'
import { ask, pathOf } from '../../wire/requests.ts'

export const NAMESPACES = '/api/core/v2/namespaces'

/** A namespace. A count that the caller may not see is undefined. */
export interface NamespaceEntry {
  name: string
  historyS: number
  historyBytes: number
  incidents: number | undefined
  events: number | undefined
  entities: number | undefined
  checks: number | undefined
}

/** How many resources of a kind there are, and whether they prevent the deletion of their namespace. */
export interface Contents {
  kinds: readonly { type: string; resource: string; count: number; keeps: boolean }[]
  hidden: readonly string[]
}

interface Counts {
  incidents: number
  events: number
  entities: number | undefined
  checks: number | undefined
}

/** All namespaces that the caller may see. */
export async function readNamespaces(mayCount: boolean, signal: AbortSignal): Promise<Outcome<NamespaceEntry[]>> {
  const [listed, counted] = await Promise.all([
    ask(NAMESPACES, listOf, { signal }),
    mayCount ? ask('/api/sensu/v1/overview', countsOf, { signal }) : undefined,
  ])
  if (listed.kind !== 'answered') return listed
  const counts = counted?.kind === 'answered' ? counted.data : new Map<string, Counts>()
  return answered(listed.data.map((one) => entryOf(one, counts)))
}

function entryOf(namespace: unknown, counts: ReadonlyMap<string, Counts>): NamespaceEntry {
  const values = recordOf(namespace)
  const name = textOf(values['name'])
  const own = counts.get(name)
  return {
    name,
    historyS: numberOf(values['history_retention']),
    historyBytes: numberOf(values['history_bytes_max']),
    incidents: own?.incidents,
    events: own?.events,
    entities: own?.entities,
    checks: own?.checks,
  }
}

function countsOf(overview: unknown): Map<string, Counts> {
  const found = new Map<string, Counts>()
  for (const part of listOf(recordOf(overview)['namespaces'])) {
    const { namespace, events, entities, checks } = recordOf(part)
    const { total, passing } = recordOf(events)
    found.set(textOf(namespace), {
      incidents: numberOf(total) - numberOf(passing),
      events: numberOf(total),
      entities: totalOf(entities),
      checks: totalOf(checks),
    })
  }
  return found
}

/** The total of a part; undefined for one that the caller may not see. */
function totalOf(part: unknown): number | undefined {
  return part === null ? undefined : numberOf(recordOf(part)['total'])
}

/** What lies in a namespace. */
export function readContents(name: string, signal: AbortSignal): Promise<Outcome<Contents>> {
  return ask(pathOf('/api/sensu/v1/namespaces/{}/contents', name), contentsOf, { signal })
}

function contentsOf(answer: unknown): Contents {
  const { kinds, hidden } = recordOf(answer)
  return {
    kinds: listOf(kinds).map((kind) => {
      const { type, resource, count, keeps } = recordOf(kind)
      return { type: textOf(type), resource: textOf(resource), count: numberOf(count), keeps: keeps === true }
    }),
    hidden: listOf(hidden).map((word) => textOf(word)),
  }
}
