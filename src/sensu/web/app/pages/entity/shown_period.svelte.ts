// Which period and which moment of an entity are shown: `shown.period`, `shown.at`, `shown.show(seconds, true)`. Both are in the URL.
import { clock } from '../../live/clock.svelte.ts'
import { navigation } from '../../live/navigation.svelte.ts'
import { DAY, PERIODS, type Period } from '../../rules/periods.ts'
import { momentOf } from '../../rules/ribbon.ts'

/** The clock of the page counts minutes. */
const MINUTE_S = 60

export class ShownPeriod {
  readonly period: Period = $derived(PERIODS.find(({ id }) => id === navigation.view.from) ?? DAY)
  readonly to: number = $derived(clock.minuteS)
  readonly from: number = $derived(this.to - this.period.seconds)
  /** The moment while the handle moves. */
  #moving = $state<number | 'now' | undefined>(undefined)
  /** The moment that the URL names; undefined: now. */
  readonly resting: number | undefined = $derived(momentOf(navigation.view.at, this.from, this.to + MINUTE_S))
  /** The moment that is shown; undefined: now. */
  readonly at: number | undefined = $derived(
    this.#moving === undefined ? this.resting : this.#moving === 'now' ? undefined : this.#moving,
  )

  choose(period: Period): void {
    navigation.see({ from: period.id === DAY.id ? '' : period.id, at: '' }, 'replace')
  }

  /** Shows a moment, undefined for now; `done`: the handle rests, and the URL names it. */
  show(at: number | undefined, done: boolean): void {
    this.#moving = done ? undefined : (at ?? 'now')
    if (done) navigation.see({ at: at === undefined ? '' : String(Math.round(at)) }, 'replace')
  }
}
