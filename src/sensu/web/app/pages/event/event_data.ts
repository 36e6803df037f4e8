// Reads what the API answers about one event: the event, its results, its incidents, what happened before, why it was handled.
import type { Band } from '../../rules/incidents.ts'
import { isRecord, listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'

export interface EventFacts {
  status: number
  state: string
  output: string
  entityClass: string
  occurrences: number
  executed: number
  interval: number
  ttl: number
  duration: number
  command: string
  /** The output metric format of the check; empty: it has none. */
  metricFormat: string
  silenced: readonly string[]
  hooks: readonly HookResult[]
  pipelines: readonly string[]
  /** The check and the entity of the event, as the API gave them. */
  check: unknown
  entity: unknown
  /** As the API gave it, for the raw view. */
  raw: unknown
}

export interface HookResult {
  name: string
  command: string
  output: string
  status: number
}

/** An event. */
export function readEvent(answer: unknown): EventFacts {
  const event = recordOf(answer)
  const check = recordOf(event['check'])
  return {
    status: numberOf(check['status']),
    state: textOf(check['state']),
    output: textOf(check['output']),
    entityClass: textOf(recordOf(event['entity'])['entity_class']),
    occurrences: numberOf(check['occurrences']),
    executed: numberOf(check['executed']) || numberOf(event['timestamp']),
    interval: numberOf(check['interval']),
    ttl: numberOf(check['ttl']),
    duration: numberOf(check['duration']),
    command: textOf(check['command']),
    metricFormat: textOf(check['output_metric_format']),
    silenced: textsOf(check['silenced']),
    hooks: listOf(check['hooks']).map(readHook),
    pipelines: listOf(event['pipelines']).map((each) => textOf(recordOf(each)['name'])),
    check: event['check'],
    entity: event['entity'],
    raw: answer,
  }
}

function readHook(hook: unknown): HookResult {
  const { config, metadata, output, status, command } = recordOf(hook)
  const settings = recordOf(config)
  return {
    name: textOf(recordOf(metadata)['name']) || textOf(recordOf(settings['metadata'])['name']),
    command: textOf(command) || textOf(settings['command']),
    output: textOf(output),
    status: numberOf(status),
  }
}

/** What the live stream and lists say about an event and the event itself does not. */
export interface LiveRow {
  since: number
  due: number
  silenced: readonly string[]
}

/** A row of the stream; undefined where it says nothing, null where the event is gone. */
export function readRow(said: unknown): LiveRow | undefined {
  if (!isRecord(said)) return undefined
  return { since: numberOf(said['since']), due: numberOf(said['due']), silenced: textsOf(said['silenced']) }
}

/** The outcome of a workflow. */
export interface Handling {
  workflow: string
  handler: string
  outcome: string
  at: number
  attempts: number
  filter: string
  why: string
}

function readHandling(handling: unknown): Handling {
  const { workflow, handler, outcome, at, attempts, filter, why } = recordOf(handling)
  return {
    workflow: textOf(workflow),
    handler: textOf(handler),
    outcome: textOf(outcome),
    at: numberOf(at),
    attempts: numberOf(attempts),
    filter: textOf(filter),
    why: textOf(why),
  }
}

export interface ResultItem {
  executed: number
  status: number
  duration: number
  output: string
  truncated: boolean
  changed: boolean
}

/** The kept results, the newest first. */
export function readResults(answer: unknown): ResultItem[] {
  return listOf(answer).map((item) => {
    const { at, executed, status, duration, output, truncated, changed } = recordOf(item)
    return {
      executed: numberOf(executed) || numberOf(at),
      status: numberOf(status),
      duration: numberOf(duration),
      output: textOf(output),
      truncated: truncated === true,
      changed: changed === true,
    }
  })
}

/** The bands of one check in the timeline of its entity; what lasts ends now. */
export function readBands(answer: unknown, check: string, nowS: number): Band[] {
  return listOf(recordOf(answer)['bands'])
    .map(recordOf)
    .filter((band) => band['check'] === check)
    .map(({ from, to, status }) => ({
      from: numberOf(from),
      to: numberOf(to) || nowS,
      status: numberOf(status),
    }))
}

export interface Mark {
  at: number
  sort: string
  subject: string
  text: string
}

/** What happened before the last state change. */
export function readBefore(answer: unknown): { marks: Mark[]; hidden: readonly string[] } {
  const { marks, hidden } = recordOf(answer)
  const read = listOf(marks).map((mark) => {
    const { at, sort, entity, check, text } = recordOf(mark)
    return {
      at: numberOf(at),
      sort: textOf(sort),
      subject: [textOf(entity), textOf(check)].filter(Boolean).join('/'),
      text: textOf(text),
    }
  })
  return { marks: read, hidden: textsOf(hidden) }
}

export interface Explanation {
  recorded: boolean
  verdict: string
  /** When the last keepalive came, if the agent is away; otherwise 0. */
  awaySince: number
  problems: readonly string[]
  handling: readonly Handling[]
  workflows: readonly Workflow[]
}

export interface Workflow {
  name: string
  handler: string
  outcome: string
  why: string
  attempts: number
  at: number
  dueAt: number
  filters: readonly Filter[]
}

export interface Filter {
  name: string
  passes: boolean
  action: string
  reason: string
  expressions: readonly { expression: string; value: string }[]
}

/** Why each workflow handled the event or not. */
export function readExplanation(answer: unknown): Explanation {
  const { recorded, verdict, problems, handling, workflows, away_since } = recordOf(answer)
  return {
    recorded: recorded === true,
    verdict: textOf(verdict),
    awaySince: numberOf(away_since),
    problems: textsOf(problems),
    handling: listOf(handling).map(readHandling),
    workflows: listOf(workflows).map(readWorkflow),
  }
}

function readWorkflow(item: unknown): Workflow {
  const { workflow, handler, outcome, why, attempts, at, due_at, filters } = recordOf(item)
  return {
    name: textOf(workflow),
    handler: textOf(handler),
    outcome: textOf(outcome),
    why: textOf(why),
    attempts: numberOf(attempts),
    at: numberOf(at),
    dueAt: numberOf(due_at),
    filters: listOf(filters).map(readFilter),
  }
}

function readFilter(item: unknown): Filter {
  const { name, passes, action, reason, expressions } = recordOf(item)
  return {
    name: textOf(name),
    passes: passes === true,
    action: textOf(action),
    reason: textOf(reason),
    expressions: listOf(expressions).map((each) => {
      const { expression, value, error } = recordOf(each)
      return { expression: textOf(expression), value: textOf(error) || String(value) }
    }),
  }
}

function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((item) => (typeof item === 'string' ? [item] : []))
}
