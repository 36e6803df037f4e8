// What went through workflows in the last hour, read from the API's answer, and what a drawing shows of it.
import { type HandlingKind, KIND_WORDS } from './handling_kinds.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { numberInWords } from './words.ts'

const STREAMS = ['tcp-stream-handlers', 'sumo-logic-metrics-handlers'] as const

export interface FilterFlow {
  name: string
  passed: number
  keptBack: number
  errors: number
}

export interface WorkflowFlow {
  pipeline: string
  workflow: string
  handler: string
  fallback: boolean
  entered: number
  filters: readonly FilterFlow[]
  mutated: number
  notMutated: number
  delivered: number
  failed: number
  waiting: number
  dead: number
  medianS: number
  p95S: number
  error: string
  errorAtS: number
}

/** The workflows of an answer. */
export function readFlow(answer: unknown): WorkflowFlow[] {
  return listOf(recordOf(answer)['workflows']).map(readWorkflow)
}

function readWorkflow(answer: unknown): WorkflowFlow {
  const flow = recordOf(answer)
  const { well, failed } = recordOf(flow['mutator'])
  const { at, text } = recordOf(flow['last_error'])
  return {
    pipeline: textOf(flow['pipeline']),
    workflow: textOf(flow['workflow']),
    handler: textOf(flow['handler']),
    fallback: flow['fallback'] === true,
    entered: numberOf(flow['in']),
    filters: listOf(flow['filters']).map(readFilter),
    mutated: numberOf(well),
    notMutated: numberOf(failed),
    delivered: numberOf(flow['delivered']),
    failed: numberOf(flow['failed']),
    waiting: numberOf(flow['waiting']),
    dead: numberOf(flow['dead']),
    medianS: numberOf(flow['median_s']),
    p95S: numberOf(flow['p95_s']),
    error: textOf(text),
    errorAtS: numberOf(at),
  }
}

function readFilter(answer: unknown): FilterFlow {
  const { name, passed, kept_back, errors } = recordOf(answer)
  return { name: textOf(name), passed: numberOf(passed), keptBack: numberOf(kept_back), errors: numberOf(errors) }
}

/** The sums of several workflows, with the last error of them. */
export interface FlowSums {
  delivered: number
  failed: number
  waiting: number
  dead: number
  error: string
  errorAtS: number
}

export function sumsOf(flows: readonly WorkflowFlow[]): FlowSums {
  const sum = (of: (flow: WorkflowFlow) => number) => flows.reduce((total, flow) => total + of(flow), 0)
  const last = flows.toSorted((one, other) => other.errorAtS - one.errorAtS)[0]
  return {
    delivered: sum((flow) => flow.delivered),
    failed: sum((flow) => flow.failed),
    waiting: sum((flow) => flow.waiting),
    dead: sum((flow) => flow.dead),
    error: last?.error ?? '',
    errorAtS: last?.errorAtS ?? 0,
  }
}

/** A workflow as it is configured. */
export interface DrawnWorkflow {
  name: string
  filters: readonly string[]
  mutator: string
  handler: string
}

/** A number in a box, with its words for the table and for screen readers. */
export interface Figure {
  sign: string
  count: number
  words: string
  tone: 'good' | 'quiet' | 'bad'
}

/** A box of a drawing, in reading order. */
export interface Step {
  kind: 'events' | 'filters' | 'mutators' | 'handlers'
  name: string
  figures: readonly Figure[]
  /** How long it takes, or what is wrong. */
  note: string
  bad: boolean
}

/** The workflows of a pipeline as it is stored. */
export function workflowsOf(pipeline: unknown): DrawnWorkflow[] {
  return listOf(recordOf(pipeline)['workflows']).map((each) => {
    const { name, filters, mutator, handler } = recordOf(each)
    const nameOf = (reference: unknown) => textOf(recordOf(reference)['name'])
    return {
      name: textOf(name),
      filters: listOf(filters).map(nameOf),
      mutator: nameOf(mutator),
      handler: handlerLabel(recordOf(handler)),
    }
  })
}

/** The name of a handler, and of those of other kinds the kind too, as the API has it: `a/v1.Stream(Name=logs)`. */
function handlerLabel({ name, type, api_version }: Readonly<Record<string, unknown>>): string {
  const isCore = textOf(type) === '' || (textOf(api_version) === 'core/v2' && textOf(type) === 'Handler')
  return isCore ? textOf(name) : `${textOf(api_version)}.${textOf(type)}(Name=${textOf(name)})`
}

/** The kind and the name of a handler from its label; undefined: a kind without a page. */
export function handlerOf(label: string): { kind: HandlingKind; name: string } | undefined {
  const [, type, name = ''] = /^[^(]*\.(\w+)\(Name=([^)]*)\)$/.exec(label) ?? []
  if (type === undefined) return { kind: 'handlers', name: label }
  const kind = STREAMS.find((each) => KIND_WORDS[each].type === type)
  return kind === undefined ? undefined : { kind, name }
}

/** The boxes of a workflow from left to right. */
export function stepsOf(workflow: DrawnWorkflow, flow: WorkflowFlow | undefined): Step[] {
  return [
    {
      kind: 'events',
      name: 'Events',
      figures: [enteredFigure(flow?.entered ?? 0)],
      note: 'in the last hour',
      bad: false,
    },
    ...workflow.filters.map((name) => filterStep(name, flow)),
    ...(workflow.mutator === '' ? [] : [mutatorStep(workflow.mutator, flow)]),
    handlerStep(workflow.handler, flow),
  ]
}

function enteredFigure(count: number): Figure {
  return { sign: '→', count, words: 'came in', tone: 'quiet' }
}

function filterStep(name: string, flow: WorkflowFlow | undefined): Step {
  const { passed, keptBack, errors } = flow?.filters.find((each) => each.name === name) ?? {
    passed: 0,
    keptBack: 0,
    errors: 0,
  }
  const figures: Figure[] = [
    { sign: '✓', count: passed, words: 'passed', tone: 'good' },
    { sign: '–', count: keptBack, words: 'kept back', tone: 'quiet' },
    ...(errors > 0 ? [{ sign: '!', count: errors, words: 'with an error', tone: 'bad' as const }] : []),
  ]
  return { kind: 'filters', name, figures, note: '', bad: errors > 0 }
}

function mutatorStep(name: string, flow: WorkflowFlow | undefined): Step {
  const failed = flow?.notMutated ?? 0
  const figures: Figure[] = [
    { sign: '✓', count: flow?.mutated ?? 0, words: 'changed', tone: 'good' },
    ...(failed > 0 ? [{ sign: '✗', count: failed, words: 'failed', tone: 'bad' as const }] : []),
  ]
  return { kind: 'mutators', name, figures, note: '', bad: failed > 0 }
}

const NOTHING = { delivered: 0, failed: 0, waiting: 0, dead: 0, medianS: 0 }

function handlerStep(name: string, flow: WorkflowFlow | undefined): Step {
  const { delivered, failed, waiting, dead, medianS } = flow ?? NOTHING
  const figures: Figure[] = [
    { sign: '✓', count: delivered, words: 'delivered', tone: 'good' },
    { sign: '✗', count: failed, words: 'failed tries', tone: failed > 0 ? 'bad' : 'quiet' },
    { sign: '…', count: waiting, words: 'waiting', tone: 'quiet' },
    ...(dead > 0 ? [{ sign: '☠', count: dead, words: 'dead letters', tone: 'bad' as const }] : []),
  ]
  const note = medianS > 0 ? `${secondsInWords(medianS)} median` : ''
  return { kind: 'handlers', name, figures, note, bad: failed > 0 || dead > 0 }
}

/** A short duration: "4 ms", "0.4 s", "12 s". */
export function secondsInWords(seconds: number): string {
  if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`
  return `${numberInWords(seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds))} s`
}

/** A step as a sentence, for screen readers: "Filter is_incident: 21 passed, 36 kept back". */
export function stepInWords({ kind, name, figures, note }: Step): string {
  const words = { events: '', filters: 'Filter ', mutators: 'Mutator ', handlers: 'Handler ' }[kind]
  const counts = figures.map((figure) => `${numberInWords(figure.count)} ${figure.words}`)
  return `${words}${name}: ${[...counts, note].filter((part) => part !== '').join(', ')}`
}
