// Documents that were read, kept for a while: `keptDocument(key)` is the same for everybody who asks for that key.
import { sameParts } from '../rules/same_parts.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { onWritten } from '../wire/patience.ts'

/** A document that nobody shows is kept for so long. */
const KEPT_MS = 300_000
/** So many at most that nobody shows; the one that was left first goes first. */
const MOST_LEFT = 100
/** An answer that is younger is not asked for again when another part of the page shows it too. */
const FRESH_MS = 2000

type Load<T> = (signal: AbortSignal) => Promise<Outcome<T>>

let writes = 0

/** One document: what is known of it, and who shows it. */
export class KeptDocument<T> {
  /** What the last request came to; undefined while the first one runs. */
  outcome = $state.raw<Outcome<T> | undefined>(undefined)
  /** The last answer: a refusal or a lost connection does not take it away. */
  data = $state.raw<T | undefined>(undefined)
  reading = $state(false)
  /** Since when nobody shows it; undefined: somebody does. */
  leftAtMs: number | undefined = performance.now()
  #shownBy = new Set<Load<T>>()
  #request: AbortController | undefined
  #again: Load<T> | undefined
  #answeredAtMs = -Infinity
  #writesBefore = -1

  /** Keeps it loaded until the returned function is called; several parts of a page share one request. */
  show(load: Load<T>): () => void {
    this.#shownBy.add(load)
    this.leftAtMs = undefined
    if (this.#isOld) this.read(load)
    return () => {
      this.#shownBy.delete(load)
      if (this.#shownBy.size > 0) return
      this.leftAtMs = performance.now()
      // Another part of the page may show it at once.
      setTimeout(() => this.#shownBy.size > 0 || this.#stop())
    }
  }

  /** Reads it. While a request runs, the next one follows it: that one may have been answered before something changed. */
  read(load: Load<T>): void {
    if (this.#request === undefined) void this.#read(load)
    else this.#again = load
  }

  /** Reads it again if it is shown and old: the window is seen again, or the network is back. */
  refresh(): void {
    const [load] = this.#shownBy
    if (load !== undefined && this.#isOld) this.read(load)
  }

  get #isOld(): boolean {
    if (this.#writesBefore < writes) return true
    return this.#request === undefined && performance.now() - this.#answeredAtMs > FRESH_MS
  }

  async #read(load: Load<T>): Promise<void> {
    const request = new AbortController()
    this.#request = request
    this.#writesBefore = writes
    this.reading = true
    const outcome = await load(request.signal)
    if (request.signal.aborted) return
    this.#answeredAtMs = performance.now()
    this.#take(outcome)
    const again = this.#again
    this.#stop()
    if (again !== undefined) this.read(again)
  }

  #take(outcome: Outcome<T>): void {
    if (outcome.kind === 'answered') {
      this.data = sameParts(this.data, outcome.data)
      this.outcome = sameParts(this.outcome, { ...outcome, data: this.data })
    } else this.outcome = outcome
  }

  #stop(): void {
    this.#request?.abort()
    this.#request = undefined
    this.#again = undefined
    this.reading = false
  }
}

const kept = new Map<string, KeptDocument<unknown>>()

/** The document of a key: what was read of it before, or nothing yet. */
export function keptDocument<T>(key: string): KeptDocument<T>
export function keptDocument(key: string): KeptDocument<unknown> {
  forgetOld()
  const found = kept.get(key) ?? new KeptDocument<unknown>()
  // The one that was asked for last is the last of the map.
  kept.delete(key)
  kept.set(key, found)
  return found
}

function forgetOld(): void {
  const left = [...kept].filter(([, { leftAtMs }]) => leftAtMs !== undefined)
  const latestMs = performance.now() - KEPT_MS
  left.forEach(([key, { leftAtMs = 0 }], at) => {
    if (leftAtMs < latestMs || left.length - at > MOST_LEFT) kept.delete(key)
  })
}

function refreshAll(): void {
  for (const each of kept.values()) each.refresh()
}

/** Reads what is shown again when the window is seen again and when the network is back. */
export function startRefreshing(): void {
  document.addEventListener('visibilitychange', () => document.hidden || refreshAll())
  addEventListener('online', refreshAll)
}

// What was read before a write may be stale, however young it is.
onWritten(() => (writes += 1))
