// What the bands of a status say: how often a check failed in a period, and how much of it was well.
import { percent } from './words.ts'

/** A time span with one status, in seconds; `to` is now for the last one. */
export interface Band {
  from: number
  to: number
  status: number
}

/** The spans without a passing result, each from the first failure to the recovery. */
export function incidentsOf(bands: readonly Band[]): Band[] {
  const incidents: Band[] = []
  let open: Band | undefined
  for (const band of [...bands].sort((one, other) => one.from - other.from)) {
    if (band.status === 0) open = undefined
    else if (open === undefined) incidents.push((open = { ...band }))
    else {
      open.to = band.to
      open.status = Math.max(open.status, band.status)
    }
  }
  return incidents
}

/** "2nd incident in 7 days; passing 99.4 % of the time". */
export function oftenInWords(bands: readonly Band[], period: string): string {
  const known = bands.reduce((sum, { from, to }) => sum + to - from, 0)
  if (bands.length === 0) return `no results in ${period}`
  const well = bands.filter(({ status }) => status === 0).reduce((sum, { from, to }) => sum + to - from, 0)
  const count = incidentsOf(bands).length
  const times = count === 0 ? 'no incident' : count === 1 ? '1 incident' : `${count} incidents`
  const share = known > 0 ? `; passing ${percent(well, known)} of the time` : ''
  return `${times} in ${period}${share}`
}
