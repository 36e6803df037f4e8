// What is typed in the search box, what completes it, and what its keys do: Tab completes, Enter searches, Escape closes or leaves.
import { tick } from 'svelte'

import { navigation } from '../../live/navigation.svelte.ts'
import { SearchCompletions } from '../../live/search_completion.svelte.ts'
import { pathTo } from '../../rules/routes.ts'
import { type Completion, completed, placeNow } from '../../rules/search_completion.ts'
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
  /** What somebody chose with the arrow keys: then Enter takes it, too. */
  #chosen: Completion | undefined
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

  /** Takes a completion that is shown. It may have been read for less than what is typed by now. */
  async take(index: number): Promise<void> {
    const input = this.#input()
    const { place: read, options } = this.completions
    const completion = options[index]
    if (input === undefined || read === undefined || completion === undefined) return
    const place = placeNow(read, this.text, input.selectionStart ?? this.text.length)
    if (place === undefined) return
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
    const take = () => void this.#takeMarked()
    return new Map([
      ['ArrowDown', () => this.#move(1)],
      ['ArrowUp', () => this.#move(-1)],
      ['Tab', take],
      ['Enter', this.#chosen === undefined ? () => this.#search() : take],
      ['Escape', () => this.completions.clear()],
    ])
  }

  #complete(field: HTMLInputElement): void {
    this.marked = 0
    this.#chosen = undefined
    const caret = field.selectionStart ?? field.value.length
    const read = this.completions.read(navigation.namespace, this.what, field.value, caret)
    void read.then(() => this.#mark())
  }

  /** Takes what was chosen, or the first completion of what is typed as soon as that is known. */
  async #takeMarked(): Promise<void> {
    const { text } = this
    if (this.#chosen === undefined) await this.completions.settled
    if (this.text === text) await this.take(this.marked)
  }

  /** What was chosen stays marked among newer completions. */
  #mark(): void {
    const at = this.completions.options.findIndex(({ written }) => written === this.#chosen?.written)
    this.marked = Math.max(0, at)
    if (at < 0) this.#chosen = undefined
  }

  #move(by: number): void {
    const { length } = this.completions.options
    this.marked = (this.marked + by + length) % length
    this.#chosen = this.completions.options[this.marked]
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
