// What a tick says about events, as a sentence for people who do not see the list.
import type { EventCounts, EventRow } from './event_rows.ts'
import { type Status, incidentsIn, worstOf } from './status.ts'
import { counted } from './words.ts'

/** Changes of state that are older than this were announced before. */
const NEW_WITHIN_S = 30

/** "3 new incidents, the worst critical; 1 recovered"; an empty text where no state changed just now. */
export function changesInWords(changed: readonly EventRow[], nowS: number): string {
  const fresh = changed.filter((row) => nowS - row.since <= NEW_WITHIN_S)
  const incidents = fresh.filter((row) => row.status !== 'passing' && row.silenced.length === 0)
  const recovered = fresh.filter((row) => row.status === 'passing').length
  const counts: Partial<Record<Status, number>> = {}
  for (const row of incidents) counts[row.status] = (counts[row.status] ?? 0) + 1
  const worst = worstOf(counts)
  return [
    incidents.length === 0 ? '' : `${counted(incidents.length, 'new incident')}, the worst ${worst}`,
    recovered === 0 ? '' : `${recovered} recovered`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

/** The same where too many changed to name them: "Many events changed: 5,002 incidents, the worst critical". */
export function countsInWords(counts: EventCounts | undefined): string {
  if (counts === undefined) return 'Many events changed'
  const incidents = incidentsIn(counts)
  if (incidents === 0) return 'Many events changed: no incidents'
  return `Many events changed: ${counted(incidents, 'incident')}, the worst ${worstOf(counts)}`
}
