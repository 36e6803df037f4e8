// The checks of an entity as its page shows them: rows of now, or what the API knows of a moment.
import { readEventRow } from '../../rules/event_rows.ts'
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import { type StatusOrNone, severityRank, statusOf } from '../../rules/status.ts'

/** One check of the list. */
export interface ShownCheck {
  check: string
  status: StatusOrNone
  silenced: boolean
  flapping: boolean
  since: number
  line: string
  /** The last results as digits; empty for a moment in the past. */
  history: string
}

export interface ShownChecks {
  checks: readonly ShownCheck[]
  total: number
}

/** Rows of events of now. */
export function readChecksNow(answer: unknown): ShownChecks {
  const { rows, total } = recordOf(answer)
  const checks = listOf(rows)
    .map(readEventRow)
    .map(({ check, status, silenced, state, since, line, history }) => {
      return { check, status, silenced: silenced.length > 0, flapping: state === 'flapping', since, line, history }
    })
  return { checks, total: numberOf(total) }
}

const LINE_CHARACTERS = 160

/** The events as they were at a moment, the worst first. */
export function readChecksAt(answer: unknown): ShownChecks {
  const checks = listOf(recordOf(answer)['events']).map((value) => {
    const { check, status, flapping, since, output } = recordOf(value)
    const [line = ''] = textOf(output).trimStart().split('\n', 1)
    return {
      check: textOf(check),
      status: statusOf(numberOf(status)),
      silenced: false,
      flapping: flapping === true,
      since: numberOf(since),
      line: line.slice(0, LINE_CHARACTERS),
      history: '',
    }
  })
  const sorted = checks.toSorted(
    (a, b) => severityRank(a.status) - severityRank(b.status) || a.check.localeCompare(b.check),
  )
  return { checks: sorted, total: checks.length }
}
