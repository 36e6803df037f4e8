// The keyboard focus in a virtual grid: it is on the row at the cursor, also when rows move or go.
import { tick } from 'svelte'

export class GridFocus {
  readonly #body: () => HTMLElement | undefined
  readonly #cursor: () => number

  constructor(body: () => HTMLElement | undefined, cursor: () => number) {
    this.#body = body
    this.#cursor = cursor
  }

  /** Whether the focus is somewhere in the grid. */
  get isInside(): boolean {
    return this.#body()?.contains(document.activeElement) ?? false
  }

  /** Puts it on the row at the cursor. */
  async toCursor(): Promise<void> {
    await tick()
    this.#row()?.focus({ preventScroll: true })
  }

  /** Does what moves the cursor; a focus in the grid goes with it, though the element that has it may be removed. */
  during(move: () => void): void {
    const wasInside = this.isInside
    move()
    if (wasInside) void this.#stay()
  }

  async #stay(): Promise<void> {
    await tick()
    if (this.#row()?.contains(document.activeElement) !== true) await this.toCursor()
  }

  #row(): HTMLElement | null | undefined {
    return this.#body()?.querySelector<HTMLElement>(`[aria-rowindex="${this.#cursor() + 2}"]`)
  }
}
