// The time by the server's clock, which relative times follow: `clock.nowS` changes every second, `clock.minuteS` every minute.
import { createSubscriber } from 'svelte/reactivity'

const SECOND_MS = 1000
const MINUTE_MS = 60_000

function everyMs(periodMs: number): () => void {
  return createSubscriber((update) => {
    const timer = setInterval(update, periodMs)
    return () => clearInterval(timer)
  })
}

class Clock {
  /** How far the server's clock is ahead of the browser's. */
  offsetS = $state(0)
  readonly #second = everyMs(SECOND_MS)
  readonly #minute = everyMs(MINUTE_MS)

  /** Now, in a component that is drawn again every second. */
  get nowS(): number {
    this.#second()
    return this.exactS()
  }

  /** Now, in a component that is drawn again every minute. */
  get minuteS(): number {
    this.#minute()
    return this.exactS()
  }

  /** Now, once. */
  exactS(): number {
    return Date.now() / 1000 + this.offsetS
  }

  /** Sets the clock by what the server said during a request. */
  set(serverS: number, askedMs: number, answeredMs: number): void {
    this.offsetS = serverS - (askedMs + answeredMs) / 2000
  }
}

export const clock = new Clock()
