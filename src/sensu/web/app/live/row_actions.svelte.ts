// What is done with the selected rows of a kind whose rows have names: `await actions.run('delete', names)`.
import {
  type BulkAction,
  type BulkAnswer,
  type Noun,
  type SilenceTerms,
  bulkInWords,
  readBulkAnswer,
} from '../rules/bulk.ts'
import { type Outcome, answered } from '../wire/outcomes.ts'
import { ask, pathOf } from '../wire/requests.ts'
import { rights } from './rights.svelte.ts'
import type { RowList } from './row_list.svelte.ts'
import { stream } from './stream.svelte.ts'
import { toasts } from './toasts.svelte.ts'

/** Which kind is acted on: its part of the path, its nouns, and the right that each action needs. */
export interface ActedKind {
  segment: string
  noun: Noun
  needs: Readonly<Partial<Record<BulkAction, readonly [verb: string, resource: string]>>>
}

const NAMED_AT_ONCE = 1000
const MOST = 10_000
const OPPOSITE: Readonly<Partial<Record<BulkAction, BulkAction>>> = { publish: 'unpublish', unpublish: 'publish' }

export class RowActions<Row extends { readonly name: string }> {
  /** The names of the rows on which an action runs. */
  busy = $state.raw<ReadonlySet<string>>(new Set())
  readonly #list: Pick<RowList<Row>, 'rows' | 'chosen' | 'selected'>
  readonly #kind: ActedKind
  readonly #namespace: () => string

  constructor(list: Pick<RowList<Row>, 'rows' | 'chosen' | 'selected'>, kind: ActedKind, namespace: () => string) {
    this.#list = list
    this.#kind = kind
    this.#namespace = namespace
  }

  /** How many rows are selected. */
  get count(): number {
    const { chosen, rows } = this.#list
    return chosen.all ? rows.matching : chosen.size
  }

  /** Why an action is off; an empty text: it is on. */
  why(action: BulkAction): string {
    const needs = this.#kind.needs[action]
    if (needs === undefined) return 'not possible here'
    return stream.lost ? 'there is no connection' : rights.why(...needs)
  }

  /** Whether the caller may ever do this here. */
  may(action: BulkAction): boolean {
    const needs = this.#kind.needs[action]
    return needs !== undefined && rights.may(...needs)
  }

  /** The rows that are selected; undefined, after a message: they could not be read, or are too many. */
  async selected(): Promise<readonly Row[] | undefined> {
    if (this.count > MOST) {
      toasts.say(`At most ${MOST.toLocaleString()} ${this.#kind.noun[1]} can be changed at once.`)
      return undefined
    }
    const outcome = await this.#list.selected(MOST)
    if (outcome.kind === 'answered') return outcome.data
    toasts.say(outcome.why)
    return undefined
  }

  /** Acts on rows by their names; the answer is why nothing was done, if so. */
  async run(action: BulkAction, names: readonly string[], terms?: SilenceTerms): Promise<string | undefined> {
    this.busy = new Set(names)
    const outcome = await this.#ask(action, names, terms)
    this.busy = new Set()
    if (outcome.kind === 'refused' && outcome.status === 403) void rights.again()
    this.#list.rows.again()
    if (outcome.kind !== 'answered') {
      toasts.say(outcome.why)
      return outcome.why
    }
    this.#list.chosen.clear()
    this.#say(action, outcome.data, terms)
    return undefined
  }

  /** Requests name so many at most; several of them count as one. */
  async #ask(action: BulkAction, names: readonly string[], terms?: SilenceTerms): Promise<Outcome<BulkAnswer>> {
    const path = pathOf(`/api/sensu/v1/namespaces/{}/${this.#kind.segment}/bulk`, this.#namespace())
    const silence =
      terms === undefined ? {} : { silence: { expire: terms.expire, expire_on_resolve: terms.expire_on_resolve } }
    let sum: BulkAnswer = { total: 0, done: 0, doneItems: [], problems: [] }
    for (let at = 0; at < names.length; at += NAMED_AT_ONCE) {
      const body = { action, of: names.slice(at, at + NAMED_AT_ONCE), ...silence }
      const outcome = await ask(path, readBulkAnswer, { method: 'POST', body })
      if (outcome.kind !== 'answered') return sum.total === 0 ? outcome : answered(sum)
      sum = {
        total: sum.total + outcome.data.total,
        done: sum.done + outcome.data.done,
        doneItems: [...sum.doneItems, ...outcome.data.doneItems],
        problems: [...sum.problems, ...outcome.data.problems],
      }
    }
    return answered(sum)
  }

  #say(action: BulkAction, answer: BulkAnswer, terms: SilenceTerms | undefined): void {
    const text = bulkInWords(action, answer, terms?.words, this.#kind.noun)
    const back = OPPOSITE[action]
    const names = answer.doneItems.map((key) => key.join(''))
    if (back === undefined || names.length === 0) toasts.say(text)
    else toasts.say(text, { does: 'Undo', action: () => void this.run(back, names) })
  }
}
