// Opens the first result of a check that was just created, if nobody went elsewhere meanwhile.
import { listChanges } from '../rules/tick.ts'
import { textOf } from '../rules/outside.ts'
import { pathTo } from '../rules/routes.ts'
import { navigation } from './navigation.svelte.ts'
import { stream } from './stream.svelte.ts'

const WAIT_MS = 5 * 60_000

/** Waits on the page that is shown now; leaving it ends the waiting. */
export function openFirstResult(namespace: string, check: string): void {
  const waitedAt = navigation.path
  const timer = setTimeout(() => stop(), WAIT_MS)
  const unfollow = stream.follow([`events:${namespace}`], {
    tick: (tick) => {
      if (navigation.path !== waitedAt) return stop()
      const row = listChanges(tick, 'events', namespace)?.changed.find((each) => each['check'] === check)
      if (row === undefined) return
      stop()
      navigation.go(pathTo('event', { ns: namespace, entity: textOf(row['entity']), check }))
    },
    again: () => undefined,
  })

  function stop(): void {
    clearTimeout(timer)
    unfollow()
  }
}
