// Actions that keys stand for: `$effect(() => shortcuts.on({ silence: openMenu }))`; the newest handler of an action gets it.
import { NO_KEYS, pressed } from '../rules/keys.ts'
import { preferences } from './preferences.svelte.ts'

/** What a handler does; false passes the action on to the one before it. */
type Handler = () => unknown

class Shortcuts {
  #handlers: Record<string, Handler>[] = []
  #state = NO_KEYS

  /** Listens to the keyboard from now on. */
  start(): void {
    addEventListener('keydown', (event) => this.#press(event))
  }

  /** Handles actions until the returned function is called. */
  on(handlers: Record<string, Handler>): () => void {
    this.#handlers.push(handlers)
    return () => {
      this.#handlers = this.#handlers.filter((each) => each !== handlers)
    }
  }

  /** Does an action as if its key were pressed; false: nobody handles it. */
  do(action: string): boolean {
    for (const handlers of this.#handlers.toReversed()) {
      const handler = Object.hasOwn(handlers, action) ? handlers[action] : undefined
      if (handler !== undefined && handler() !== false) return true
    }
    return false
  }

  /** Whether somebody handles an action now. */
  handles(action: string): boolean {
    return this.#handlers.some((handlers) => Object.hasOwn(handlers, action))
  }

  #press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || (event.repeat && event.key !== 'j' && event.key !== 'k')) return
    const key = {
      key: event.key,
      ctrl: event.ctrlKey,
      meta: event.metaKey,
      alt: event.altKey,
      shift: event.shiftKey,
      inField: takesText(event.target),
    }
    const { action, state } = pressed(this.#state, key, performance.now(), preferences.singleKeys)
    this.#state = state
    if (action !== undefined && !inDialog(event.target) && this.do(action)) event.preventDefault()
  }
}

function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.shadowRoot !== null) return true
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** In a dialog or a menu keys are the dialog's. */
function inDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null
}

export const shortcuts = new Shortcuts()
