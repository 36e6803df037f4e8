// What is done with the selected events: `await actions.run('resolve')`. Rows are marked meanwhile, a message says what came of it.
import { navigation } from '../../live/navigation.svelte.ts'
import { rights } from '../../live/rights.svelte.ts'
import { stream } from '../../live/stream.svelte.ts'
import { toasts } from '../../live/toasts.svelte.ts'
import {
  type EventAction,
  type BulkAnswer,
  type BulkOf,
  type SilenceTerms,
  bulkInWords,
  matchingNow,
  movedInWords,
  readBulkAnswer,
  whereOf,
} from '../../rules/bulk.ts'
import { type EventRow, eventKey } from '../../rules/event_rows.ts'
import { pathTo } from '../../rules/routes.ts'
import { ask, pathOf } from '../../wire/requests.ts'
import type { EventList } from './event_list.svelte.ts'

const NEEDS: Readonly<Record<EventAction, readonly [verb: string, resource: string]>> = {
  resolve: ['update', 'events'],
  delete: ['delete', 'events'],
  execute: ['create', 'checks'],
  silence: ['create', 'silenced'],
  unsilence: ['delete', 'silenced'],
}

export class EventActions {
  /** The events on which an action runs. */
  busy = $state.raw<ReadonlySet<string>>(new Set())
  /** How many events match now, if the last action was refused because somebody had seen another number. */
  moved: number | undefined
  readonly #list: EventList
  readonly #namespace: () => string

  constructor(list: EventList, namespace: () => string) {
    this.#list = list
    this.#namespace = namespace
  }

  /** How many events are selected. */
  get count(): number {
    const { chosen, matching } = this.#list
    return chosen.all ? matching : chosen.size
  }

  /** Why an action is off; an empty text: it is on. */
  why(action: EventAction): string {
    if (stream.lost) return 'there is no connection'
    return rights.why(...NEEDS[action])
  }

  /** Whether the caller may ever do this here. */
  may(action: EventAction): boolean {
    return rights.may(...NEEDS[action])
  }

  /** Acts on the selection, if as many events match as somebody saw; the answer is why nothing was done, if so. */
  async run(action: EventAction, terms?: SilenceTerms, seen = this.count): Promise<string | undefined> {
    const { chosen } = this.#list
    const of: BulkOf = chosen.all
      ? { where: whereOf(navigation.view), expect: seen }
      : { of: chosen.rows.map(({ entity, check }) => [entity, check] as const) }
    const marked = chosen.all ? [] : chosen.rows
    return this.#act(action, of, marked, terms)
  }

  /** Copies links to the selected events, one a line. */
  async copyLinks(): Promise<void> {
    const links = this.#list.chosen.rows.map(
      ({ entity, check }) => location.origin + pathTo('event', { ns: this.#namespace(), entity, check }),
    )
    toasts.say((await copied(links.join('\n'))) ? 'The links are copied.' : 'The browser does not allow copying here.')
  }

  async #act(
    action: EventAction,
    of: BulkOf,
    marked: readonly EventRow[],
    terms?: SilenceTerms,
  ): Promise<string | undefined> {
    this.busy = new Set(marked.map(eventKey))
    const outcome = await this.#ask(action, of, terms)
    this.busy = new Set()
    if (outcome.kind === 'refused' && outcome.status === 403) void rights.again()
    this.#list.again()
    this.moved = outcome.kind === 'refused' ? matchingNow(outcome.why) : undefined
    if (outcome.kind !== 'answered') return this.#problem(this.#inWords(action, of, outcome.why))
    this.#list.chosen.clear()
    this.#say(action, outcome.data, terms)
    return undefined
  }

  #ask(action: EventAction, of: BulkOf, terms: SilenceTerms | undefined) {
    const silence =
      terms === undefined ? {} : { silence: { expire: terms.expire, expire_on_resolve: terms.expire_on_resolve } }
    const path = pathOf('/api/sensu/v1/namespaces/{}/events/bulk', this.#namespace())
    return ask(path, readBulkAnswer, { method: 'POST', body: { action, ...of, ...silence } })
  }

  #say(action: EventAction, answer: BulkAnswer, terms: SilenceTerms | undefined): void {
    const text = bulkInWords(action, answer, terms?.words)
    const undone = answer.doneItems
    if (action !== 'silence' || undone.length === 0 || undone.length > 1000) toasts.say(text)
    else toasts.say(text, { does: 'Undo', action: () => void this.#act('unsilence', { of: undone }, []) })
  }

  #inWords(action: EventAction, of: BulkOf, why: string): string {
    return this.moved === undefined || !('expect' in of) ? why : movedInWords(action, this.moved, of.expect)
  }

  #problem(why: string): string {
    toasts.say(why)
    return why
  }
}

/** Copies a text; browsers forbid it on plain HTTP, where a selected text field still works. */
async function copied(text: string): Promise<boolean> {
  if ('clipboard' in navigator) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Fall back to the text field.
    }
  }
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  return done
}
