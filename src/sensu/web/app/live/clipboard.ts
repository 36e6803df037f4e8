// Copies a text and says so: `await copyText(text)`.
import { toasts } from './toasts.svelte.ts'

/** Browsers copy by themselves over HTTPS and on localhost only. */
export async function copyText(text: string, done = 'Copied.', instead = 'select the text instead'): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toasts.say(done)
  } catch {
    toasts.say(`This browser does not allow copying here: ${instead}.`)
  }
}
