// What is typed in the search box, what completes it, and what its keys do: Tab completes, Enter searches, Escape closes or leaves.
import { tick } from 'svelte'

import { navigation } from '../../live/navigation.svelte.ts'
import { SearchCompletions } from '../../live/search_completion.svelte.ts'
import { pathTo } from '../../rules/routes.ts'
import { completed } from '../../rules/search_completion.ts'
import { isFinished } from '../../rules/search_tokens.ts'
import { changedQuery } from '../../rules/view_of_url.ts'

const TYPING_MS = 250

export class SearchField {
  readonly completions = new SearchCompletions()
  /** The marked completion. */
  marked = $state(0)
  /** What the page's list is searched for; undefined: the page has none, so the box searches events. */
  searched = $derived(navigation.place?.route.searches)
  what = $derived(this.searched ?? 'events')
  #typed = $state<string | undefined>(undefined)
  text = $derived(this.#typed ?? navigation.view.q)
  open = $derived(this.completions.options.length > 0)
  #input: () => HTMLInputElement | undefined
  /** Whether somebody chose a completion with the arrow keys: then Enter takes it, too. */
  #chosen = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(input: () => HTMLInputElement | undefined) {
    this.#input = input
  }

  /** Takes what was typed. The list follows while the server can understand it. */
  type(field: HTMLInputElement): void {
    this.#typed = field.value
    clearTimeout(this.#timer)
    if (this.searched !== undefined && isFinished(field.value))
      this.#timer = setTimeout(() => this.#apply('replace'), TYPING_MS)
    this.#complete(field)
  }

  /** Takes a completion. */
  async take(index: number): Promise<void> {
    const input = this.#input()
    const { place, options } = this.completions
    const completion = options[index]
    if (input === undefined || place === undefined || completion === undefined) return
    const taken = completed(this.text, place, completion)
    this.#typed = taken.text
    await tick()
    input.setSelectionRange(taken.caret, taken.caret)
    this.type(input)
  }

  /** Does what a key does here; other keys are the text field's. */
  press(event: KeyboardEvent & { currentTarget: HTMLInputElement }): void {
    if (event.isComposing || (event.key === 'Tab' && event.shiftKey)) return
    const keys = this.open ? this.#keysWithCompletions() : this.#keys(event.currentTarget)
    const act = keys.get(event.key)
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  /** The focus goes elsewhere: what is not finished stays as it is typed. */
  leave(): void {
    this.completions.clear()
    if (isFinished(this.text)) this.#typed = undefined
  }

  #keys(field: HTMLInputElement): ReadonlyMap<string, () => void> {
    return new Map([
      ['ArrowDown', () => this.#complete(field)],
      ['Enter', () => this.#search()],
      ['Escape', () => field.blur()],
    ])
  }

  #keysWithCompletions(): ReadonlyMap<string, () => void> {
    const take = () => void this.take(this.marked)
    return new Map([
      ['ArrowDown', () => this.#move(1)],
      ['ArrowUp', () => this.#move(-1)],
      ['Tab', take],
      ['Enter', this.#chosen ? take : () => this.#search()],
      ['Escape', () => this.completions.clear()],
    ])
  }

  #complete(field: HTMLInputElement): void {
    this.marked = 0
    this.#chosen = false
    const caret = field.selectionStart ?? field.value.length
    void this.completions.read(navigation.namespace, this.what, field.value, caret)
  }

  #move(by: number): void {
    const { length } = this.completions.options
    this.marked = (this.marked + by + length) % length
    this.#chosen = true
  }

  #search(): void {
    this.completions.clear()
    this.#apply('push')
  }

  #apply(how: 'push' | 'replace'): void {
    clearTimeout(this.#timer)
    const q = this.text.trim()
    if (how === 'push') this.#typed = undefined
    if (this.searched !== undefined) navigation.see({ q }, how)
    else navigation.go(pathTo('events', { ns: navigation.namespace }) + changedQuery('', { q }))
  }
}
