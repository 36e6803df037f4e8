// What the caller may do, by namespace: `rights.may('delete', 'events')`; `rights.why(…)` is the reason for a button that is off.
import { SvelteMap } from 'svelte/reactivity'

import { recordOf } from '../rules/outside.ts'
import { type RightsRule, allows, missingRight } from '../rules/rights.ts'
import { ask } from '../wire/requests.ts'
import { navigation } from './navigation.svelte.ts'
import { readRules } from './session.svelte.ts'

class Rights {
  readonly #rules = new SvelteMap<string, readonly RightsRule[]>()
  readonly #asked = new Set<string>()

  /** Whether the rights in a namespace are known yet. */
  known(namespace = navigation.namespace): boolean {
    return this.#rules.has(namespace)
  }

  /** Whether the caller may do this in a namespace, to one resource or (without a name) to any. */
  may(verb: string, resource: string, name?: string, namespace = navigation.namespace): boolean {
    return allows(this.#rules.get(namespace) ?? [], verb, resource, name)
  }

  /** Why the caller may not, or an empty text: they may. */
  why(verb: string, resource: string, name?: string, namespace = navigation.namespace): string {
    return this.may(verb, resource, name, namespace) ? '' : missingRight(verb, resource)
  }

  /** Takes rights that came with another answer. */
  take(namespace: string, rules: readonly RightsRule[]): void {
    this.#asked.add(namespace)
    this.#rules.set(namespace, rules)
  }

  /** Reads the rights in a namespace, unless they are known. */
  async need(namespace: string): Promise<void> {
    if (this.#asked.has(namespace)) return
    this.#asked.add(namespace)
    await this.#read(namespace)
  }

  /** Reads all known rights again: roles changed, or the server refused what should have been allowed. */
  async again(): Promise<void> {
    await Promise.all([...this.#asked].map((namespace) => this.#read(namespace)))
  }

  async #read(namespace: string): Promise<void> {
    const path = `/api/sensu/v1/access/me?namespace=${encodeURIComponent(namespace)}`
    const outcome = await ask(path, (answer) => readRules(recordOf(answer)['rules']))
    if (outcome.kind === 'answered') this.#rules.set(namespace, outcome.data)
    else this.#asked.delete(namespace)
  }
}

export const rights = new Rights()
