// One document that a page shows, kept fresh: `const check = loaded(() => ({ key: ['check', ns, name], load, topics }))`.
import { untrack } from 'svelte'

import { type Tick, topicOf } from '../rules/tick.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { keptDocument } from './kept_documents.svelte.ts'
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

/** Loads a document for as long as the component is shown. */
export function loaded<T>(wanted: () => Wanted<T>): Loaded<T> {
  const key = $derived(JSON.stringify(wanted().key))
  const found = $derived(keptDocument<T>(key))
  const now = $derived(wanted().when !== false)
  const load = (signal: AbortSignal) => untrack(wanted).load(signal)
  // The outside world: the document is asked for while the component shows it.
  $effect(() => {
    const shown = found
    return now ? untrack(() => shown.show(load)) : undefined
  })
  // The outside world: the stream tells when the document changed.
  $effect(() => {
    return followed(wanted(), () => found.read(load))
  })
  return {
    get outcome() {
      return found.outcome
    },
    get data() {
      return found.data
    },
    get reading() {
      return found.reading
    },
    again: () => found.read(load),
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
