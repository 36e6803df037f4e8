// Gathers ticks and hands them on merged, at most twice a second and in an animation frame; a hidden tab gathers and waits.
import { type Tick, mergedTick } from '../rules/tick.ts'

const PERIOD_MS = 500

/** A place where ticks are gathered. */
export class Ticks {
  readonly #hand: (tick: Tick) => void
  #gathered: Tick | undefined
  #handedMs = 0
  #planned = false

  constructor(hand: (tick: Tick) => void) {
    this.#hand = hand
  }

  /** Gathers one more tick. */
  add(tick: Tick): void {
    this.#gathered = this.#gathered === undefined ? tick : mergedTick(this.#gathered, tick)
    if (this.#planned) return
    this.#planned = true
    const waitMs = Math.max(0, this.#handedMs + PERIOD_MS - performance.now())
    setTimeout(() => requestAnimationFrame(() => this.#flush()), waitMs)
  }

  /** Forgets what was gathered: everything is read again. */
  forget(): void {
    this.#gathered = undefined
  }

  #flush(): void {
    this.#planned = false
    this.#handedMs = performance.now()
    const tick = this.#gathered
    this.#gathered = undefined
    if (tick !== undefined) this.#hand(tick)
  }
}
