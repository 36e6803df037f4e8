// Short messages at the bottom left: `toasts.say('web1/http is silent for 1 h.', { does: 'Undo', action })`.

/** What a toast offers. */
export interface ToastAction {
  does: string
  action: () => void
}

export interface Toast {
  id: number
  text: string
  offer: ToastAction | undefined
}

const SHOWN_MS = 6000
const MOST = 4

class Toasts {
  all = $state.raw<readonly Toast[]>([])
  /** While somebody points at them or has the focus in them, none goes. */
  held = $state(false)
  #next = 1

  say(text: string, offer?: ToastAction): void {
    const toast = { id: this.#next, text, offer }
    this.#next += 1
    this.all = [...this.all, toast].slice(-MOST)
    this.#dismissLater(toast.id, SHOWN_MS)
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id)
  }

  #dismissLater(id: number, afterMs: number): void {
    setTimeout(() => {
      if (this.held) this.#dismissLater(id, 1000)
      else this.dismiss(id)
    }, afterMs)
  }
}

export const toasts = new Toasts()
