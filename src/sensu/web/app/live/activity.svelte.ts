// What happened in a namespace over the last day, read again every minute while the page is seen: `const activity = activityOf(() => ns)`.
import { type Activity, readActivity } from '../rules/activity.ts'
import { ask, pathOf } from '../wire/requests.ts'
import { type Loaded, loaded } from './loaded.svelte.ts'

const EVERY_MS = 60_000

/** All series of a namespace; everybody who asks for the same namespace shares one request. */
export function activityOf(namespace: () => string): Loaded<Activity> {
  const activity = loaded<Activity>(() => ({
    key: ['activity', namespace()],
    when: namespace() !== '',
    load: (signal) =>
      ask(`${pathOf('/api/sensu/v1/namespaces/{}/series', namespace())}?window=24h&points=48`, readActivity, {
        signal,
      }),
  }))
  // The outside world: time passes.
  $effect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && activity.again(), EVERY_MS)
    return () => clearInterval(timer)
  })
  return activity
}
