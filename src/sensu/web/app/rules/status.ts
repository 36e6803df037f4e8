// What a status is called and how it is drawn: 0 passing, 1 warning, 2 critical, anything else unknown.
export type Status = 'critical' | 'warning' | 'unknown' | 'passing'

/** A status, or none: the check has no result yet. */
export type StatusOrNone = Status | 'none'

/** All statuses, the worst first, which is the order of lists. */
export const STATUSES: readonly Status[] = ['critical', 'warning', 'unknown', 'passing']

const BY_NUMBER: readonly Status[] = ['passing', 'warning', 'critical']

/** The status of a check's exit status. */
export function statusOf(exitStatus: number): Status {
  return BY_NUMBER[exitStatus] ?? 'unknown'
}

/** The place of a status in the order of severity, 0 is the worst. */
export function severityRank(status: Status): number {
  return STATUSES.indexOf(status)
}

/** The worst status that is counted at least once, none where nothing is. */
export function worstOf(counts: Partial<Record<Status, number>>): StatusOrNone {
  return STATUSES.find((status) => (counts[status] ?? 0) > 0) ?? 'none'
}

/** How many of the counted events are incidents: everything that is not passing. */
export function incidentsIn(counts: Partial<Record<Status, number>>): number {
  return (counts.critical ?? 0) + (counts.warning ?? 0) + (counts.unknown ?? 0)
}

/** The status that a text names, or undefined: for values from URLs. */
export function readStatus(text: string): Status | undefined {
  return STATUSES.find((status) => status === text)
}

/** The last results as statuses, from digits as rows have them ("0002"; 3 is anything above 2), the newest last. */
export function statusesOfHistory(digits: string): Status[] {
  return [...digits].map((digit) => statusOf(Number(digit)))
}

/** A sentence for a strip of results: "14 of the last 21 results passing, now critical". */
export function historyInWords(digits: string): string {
  const statuses = statusesOfHistory(digits)
  const last = statuses.at(-1)
  if (last === undefined) return 'no results yet'
  const passing = statuses.filter((status) => status === 'passing').length
  if (passing === statuses.length) return `the last ${passing} results are passing`
  return `${passing} of the last ${statuses.length} results are passing; the newest is ${last}`
}

/** What a mark says to somebody who does not see it: "critical, silenced". */
export function markInWords(status: StatusOrNone, silenced: boolean, flapping: boolean): string {
  const words: string[] = [status === 'none' ? 'no result yet' : status]
  if (silenced) words.push('silenced')
  if (flapping) words.push('flapping')
  return words.join(', ')
}
