// What a filter bench found: `readBench(answer)`.
import { listOf, numberOf, recordOf, textOf } from './outside.ts'

/** An expression, and what it gave for an event. */
export interface BenchValue {
  expression: string
  value: boolean | undefined
  error: string
}

/** An event, and whether it passes the filter and the stored one. */
export interface BenchEvent {
  entity: string
  check: string
  passes: boolean
  storedPasses: boolean | undefined
  reason: string
  values: readonly BenchValue[]
}

/** The verdicts of a filter. */
export interface BenchResult {
  judged: number
  passed: number
  keptBack: number
  errors: number
  differs: number
  sample: readonly BenchEvent[]
  tookS: number
  stopped: string
}

export function readBench(answer: unknown): BenchResult {
  const found = recordOf(answer)
  return {
    judged: numberOf(found['judged']),
    passed: numberOf(found['passed']),
    keptBack: numberOf(found['kept_back']),
    errors: numberOf(found['errors']),
    differs: numberOf(found['differs']),
    sample: listOf(found['sample']).map(readEvent),
    tookS: numberOf(found['took_s']),
    stopped: textOf(found['stopped']),
  }
}

function readEvent(answer: unknown): BenchEvent {
  const event = recordOf(answer)
  return {
    entity: textOf(event['entity']),
    check: textOf(event['check']),
    passes: event['passes'] === true,
    storedPasses: truth(event['stored_passes']),
    reason: textOf(event['reason']),
    values: listOf(event['expressions']).map((value) => {
      const { expression, value: its, error } = recordOf(value)
      return { expression: textOf(expression), value: truth(its), error: textOf(error) }
    }),
  }
}

function truth(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** The group that an event is shown in. */
export function groupOf(event: BenchEvent): 'differs' | 'error' | 'passes' | 'kept back' {
  if (event.storedPasses !== undefined && event.storedPasses !== event.passes) return 'differs'
  if (event.values.some((value) => value.error !== '')) return 'error'
  return event.passes ? 'passes' : 'kept back'
}
