// The page's own title and what the window shows of incidents: `title.page = 'web1 / http'`.
import { topicOf } from '../rules/tick.ts'
import { numberOf, recordOf } from '../rules/outside.ts'
import { type Status, type StatusOrNone, STATUSES, incidentsIn, worstOf } from '../rules/status.ts'
import { ask, pathOf } from '../wire/requests.ts'
import { rights } from './rights.svelte.ts'
import { stream } from './stream.svelte.ts'

/** The numbers that the navigation shows: only what needs a person. */
export interface NeedsPerson {
  incidents: number
  silencesEnding: number
  deadLetters: number
}

class Title {
  /** What the page is about. */
  page = $state('')
  counts = $state.raw<Partial<Record<Status, number>>>({})
  silencesEnding = $state(0)
  deadLetters = $state(0)
  incidents: number = $derived(incidentsIn(this.counts))
  worst: StatusOrNone = $derived(this.incidents === 0 ? 'none' : worstOf(this.counts))

  /** Counts in a namespace until the returned function is called. */
  count(namespace: string): () => void {
    this.counts = {}
    this.silencesEnding = 0
    this.deadLetters = 0
    if (namespace === '' || !rights.may('list', 'events', undefined, namespace)) return () => undefined
    const topic = `counts:${namespace}`
    const left = new AbortController()
    const read = () => void this.#read(namespace, left.signal)
    read()
    const stop = stream.follow([topic], {
      hidden: true,
      tick: (tick) => {
        const said = topicOf(tick, topic)
        if (said !== undefined) this.counts = readCounts(said)
      },
      again: read,
    })
    return () => {
      left.abort()
      stop()
    }
  }

  async #read(namespace: string, signal: AbortSignal): Promise<void> {
    const path = pathOf('/api/sensu/v1/namespaces/{}/overview', namespace)
    const outcome = await ask(path, recordOf, { signal })
    if (outcome.kind !== 'answered' || signal.aborted) return
    this.counts = readCounts(outcome.data['events'])
    this.silencesEnding = numberOf(recordOf(outcome.data['silences'])['ending_1h'])
    this.deadLetters = numberOf(recordOf(outcome.data['deliveries'])['dead'])
  }
}

function readCounts(said: unknown): Partial<Record<Status, number>> {
  const counts = recordOf(said)
  return Object.fromEntries(STATUSES.map((status) => [status, numberOf(counts[status])]))
}

export const title = new Title()
