// The one polite live region: `announcer.say('3 new incidents')` speaks at most one sentence in 5 s, the newest one.
import { preferences } from './preferences.svelte.ts'

const PAUSE_MS = 5000

class Announcer {
  sentence = $state('')
  #waiting: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  say(sentence: string): void {
    if (!preferences.announcements) return
    if (this.#timer !== undefined) {
      this.#waiting = sentence
      return
    }
    this.sentence = sentence
    this.#timer = setTimeout(() => this.#next(), PAUSE_MS)
  }

  #next(): void {
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.say(waiting)
  }
}

export const announcer = new Announcer()
