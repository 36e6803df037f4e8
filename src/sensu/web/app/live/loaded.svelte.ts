// One document that a page shows, kept fresh: `const check = loaded(() => ({ key: ['check', ns, name], load, topics }))`.
import { QueryClient, createQuery } from '@tanstack/svelte-query'

import { type Tick, topicOf } from '../rules/tick.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { onWritten } from '../wire/patience.ts'
import { stream } from './stream.svelte.ts'

/** What is loaded, and when it is read again. */
export interface Wanted<T> {
  /** Names the document; everybody with the same key shares one request. */
  key: readonly unknown[]
  load: (signal: AbortSignal) => Promise<Outcome<T>>
  /** Topics of the stream that say that it changed. */
  topics?: readonly string[]
  /** Whether what a tick says about a topic concerns this document; without it, everything does. */
  concerns?: (said: unknown) => boolean
  /** The first change reads at once; while changes go on they read ever less often, down to once in so long. */
  pauseMs?: number
  /** False: not now. */
  when?: boolean
}

/** What is known of the document. */
export interface Loaded<T> {
  /** What the last request came to; undefined while the first one runs. */
  readonly outcome: Outcome<T> | undefined
  /** The document, the last one that was answered. */
  readonly data: T | undefined
  readonly reading: boolean
  /** Reads it again. */
  again: () => void
}

const KEPT_MS = 300_000

export const queries = new QueryClient({
  defaultOptions: {
    // Requests are patient by themselves, and refusals are values.
    queries: { retry: false, gcTime: KEPT_MS, staleTime: 2000, refetchOnWindowFocus: true, refetchOnReconnect: true },
  },
})

// What was read before a write may be stale, however young it is.
onWritten(() => void queries.invalidateQueries({ refetchType: 'none' }))

/** Loads a document for as long as the component is shown. */
export function loaded<T>(wanted: () => Wanted<T>): Loaded<T> {
  const query = createQuery(
    () => {
      const { key, load, when } = wanted()
      return { queryKey: key, queryFn: ({ signal }: { signal: AbortSignal }) => load(signal), enabled: when !== false }
    },
    () => queries,
  )
  let last = $state.raw<{ key: string; data: T } | undefined>(undefined)
  // The outside world: the stream tells when the document changed.
  $effect(() => {
    return followed(wanted(), () => void query.refetch())
  })
  // A refusal or a lost connection does not take away what was read before.
  $effect(() => {
    const outcome = query.data
    if (outcome?.kind === 'answered') last = { key: JSON.stringify(wanted().key), data: outcome.data }
  })
  return {
    get outcome() {
      return query.data
    },
    get data() {
      if (query.data?.kind === 'answered') return query.data.data
      return last?.key === JSON.stringify(wanted().key) ? last.data : undefined
    },
    get reading() {
      return query.isFetching
    },
    again: () => void query.refetch(),
  }
}

/** Reads again when the stream names the document, until the returned function is called. */
function followed<T>({ topics = [], concerns, pauseMs = 0 }: Wanted<T>, again: () => void): () => void {
  if (topics.length === 0) return () => undefined
  const reading = spaced(again, pauseMs)
  const stop = stream.follow(topics, {
    tick: (tick) => {
      if (isNamed(tick, topics, concerns)) reading.ask()
    },
    again: () => reading.ask(),
  })
  return () => {
    reading.stop()
    stop()
  }
}

function isNamed(tick: Tick, topics: readonly string[], concerns: ((said: unknown) => boolean) | undefined): boolean {
  return topics.some((topic) => {
    const said = topicOf(tick, topic)
    return said !== undefined && (concerns === undefined || concerns(said))
  })
}

const FIRST_PAUSE_MS = 500

/** Does something when asked: at once after a quiet time, and ever less often, down to once in `longestMs`, while asked on and on. */
function spaced(act: () => void, longestMs: number): { ask: () => void; stop: () => void } {
  let doneMs = -Infinity
  let pauseMs = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    const quietMs = performance.now() - doneMs
    pauseMs = quietMs > longestMs ? FIRST_PAUSE_MS : Math.min(longestMs, pauseMs * 2)
    timer = undefined
    doneMs = performance.now()
    act()
  }
  return {
    ask: () => {
      if (timer === undefined) timer = setTimeout(run, Math.max(0, doneMs + pauseMs - performance.now()))
    },
    stop: () => clearTimeout(timer),
  }
}
