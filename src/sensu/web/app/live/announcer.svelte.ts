// The one polite live region: `announcer.say(() => '3 new incidents')` speaks at most one sentence in 5 s.
import { preferences } from './preferences.svelte.ts'

const PAUSE_MS = 5000

class Announcer {
  sentence = $state('')
  #waiting: (() => string) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Says a sentence now, or when the pause after the last one is over; it is made when it is said, and may then be empty. */
  say(sentence: () => string): void {
    if (!preferences.announcements) return
    if (this.#timer !== undefined) {
      this.#waiting = sentence
      return
    }
    this.sentence = sentence()
    if (this.sentence === '') return
    this.#timer = setTimeout(() => this.#next(), PAUSE_MS)
  }

  #next(): void {
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    // The same sentence is read out again only if it was gone in between.
    this.sentence = ''
    if (waiting !== undefined) setTimeout(() => this.say(waiting))
  }
}

export const announcer = new Announcer()
