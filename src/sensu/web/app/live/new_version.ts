// What to do where a file of the page cannot be loaded: after an upgrade the files of the old version are gone.
import { act } from '../wire/requests.ts'

const ONCE_IN_MS = 10_000

/** Loads the page again, once, if the backend answers; false: it does not, and what is on the screen stays. */
export async function reloadForNewVersion(): Promise<boolean> {
  const outcome = await act('/auth/session', { method: 'GET' })
  if (outcome.kind === 'unreachable') return false
  const key = 'sensu.reloaded'
  const nowMs = Date.now()
  if (nowMs - Number(sessionStorage.getItem(key)) < ONCE_IN_MS) return true
  sessionStorage.setItem(key, String(nowMs))
  location.reload()
  return true
}
