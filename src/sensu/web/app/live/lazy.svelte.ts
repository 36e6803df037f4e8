// Parts of the page that the first rows do not need: `const menu = new Lazy(() => import('./menu_list.svelte'))`, `menu.need()`, `menu.part`.
import { reloadForNewVersion } from './new_version.ts'

const QUIET_AFTER_MS = 1500

/** A part that is loaded when it is first needed, or when the browser has nothing else to do. */
export class Lazy<Part> {
  /** The part, once it is loaded. */
  part = $state.raw<Part | undefined>(undefined)
  #load: () => Promise<{ default: Part }>
  #state: 'unasked' | 'loading' | 'failed' = 'unasked'

  constructor(load: () => Promise<{ default: Part }>) {
    this.#load = load
    setTimeout(() => whenIdle(() => void this.#fetch()), QUIET_AFTER_MS)
  }

  /** Loads the part now. A file that could not be loaded is not asked for again by browsers, so then the page is. */
  async need(): Promise<void> {
    if (this.#state === 'unasked') await this.#fetch()
    if (this.#state === 'failed') void reloadForNewVersion()
  }

  async #fetch(): Promise<void> {
    if (this.#state !== 'unasked') return
    this.#state = 'loading'
    try {
      this.part = (await this.#load()).default
    } catch {
      this.#state = 'failed'
      removeDeadStyles()
    }
  }
}

function removeDeadStyles(): void {
  for (const link of document.querySelectorAll('link')) if (link.rel === 'stylesheet' && isDead(link)) link.remove()
}

/** Chromium gives a style sheet that could not be loaded rules that cannot be read. */
function isDead(link: HTMLLinkElement): boolean {
  try {
    return link.sheet === null || link.sheet.cssRules.length === 0
  } catch {
    return true
  }
}

function whenIdle(task: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(task)
  else task()
}
