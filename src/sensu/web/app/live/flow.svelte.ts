// What goes through workflows, read again every few seconds while the page is seen: `const flow = followedFlow(() => path)`.
import { type WorkflowFlow, readFlow } from '../rules/flow.ts'
import { ask } from '../wire/requests.ts'
import { type Loaded, loaded } from './loaded.svelte.ts'

const EVERY_MS = 2000

/** The workflows at a path of the API. The counts are in the backend's memory, and cheap to read. */
export function followedFlow(path: () => string): Loaded<readonly WorkflowFlow[]> {
  const flow = loaded<readonly WorkflowFlow[]>(() => ({
    key: ['flow', path()],
    load: (signal) => ask(path(), readFlow, { signal }),
  }))
  // The outside world: time passes.
  $effect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && flow.again(), EVERY_MS)
    return () => clearInterval(timer)
  })
  return flow
}
