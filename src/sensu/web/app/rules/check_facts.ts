// One check as its page shows it: what runs, with what settings, and why it runs or not.
import { type SlotFacts, readSlot, textsOf } from './check_rows.ts'
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'
import { durationInWords } from './time_words.ts'
import { counted, listed } from './words.ts'

export interface CheckFacts {
  command: string
  published: boolean
  subscriptions: readonly string[]
  handlers: readonly string[]
  metricHandlers: readonly string[]
  pipelines: readonly string[]
  assets: readonly string[]
  /** The hooks by the status, or the kind of status, that they run for. */
  hooks: readonly (readonly [status: string, names: readonly string[]])[]
  roundRobin: boolean
  /** It is run on behalf of other entities. */
  forProxies: boolean
  labels: readonly (readonly [name: string, value: string])[]
  annotations: readonly (readonly [name: string, value: string])[]
  /** Settings that are not at their defaults, in words. */
  settings: readonly (readonly [name: string, value: string])[]
  createdBy: string
  /** As the API gave it. */
  raw: Readonly<Record<string, unknown>>
}

/** A check of the API's answer. */
export function readCheck(answer: unknown): CheckFacts {
  const check = recordOf(answer)
  const { labels, annotations, created_by } = recordOf(check['metadata'])
  return {
    command: textOf(check['command']),
    published: check['publish'] === true,
    subscriptions: textsOf(check['subscriptions']),
    handlers: textsOf(check['handlers']),
    metricHandlers: textsOf(check['output_metric_handlers']),
    pipelines: listOf(check['pipelines']).map((each) => textOf(recordOf(each)['name'])),
    assets: textsOf(check['runtime_assets']),
    hooks: listOf(check['check_hooks']).flatMap((each) =>
      Object.entries(recordOf(each)).map(([status, names]) => [status, textsOf(names)] as const),
    ),
    roundRobin: check['round_robin'] === true,
    forProxies: textOf(check['proxy_entity_name']) !== '' || isRecord(check['proxy_requests']),
    labels: pairsOf(labels),
    annotations: pairsOf(annotations),
    settings: settingsOf(check),
    createdBy: textOf(created_by),
    raw: check,
  }
}

function pairsOf(record: unknown): (readonly [string, string])[] {
  return Object.entries(recordOf(record)).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
}

function settingsOf(check: Readonly<Record<string, unknown>>): (readonly [string, string])[] {
  const seconds = (name: string) => (numberOf(check[name]) === 0 ? '' : durationInWords(numberOf(check[name])))
  const percent = (name: string) => (numberOf(check[name]) === 0 ? '' : `${numberOf(check[name])} %`)
  const flag = (name: string) => (check[name] === true ? 'yes' : '')
  const { entity_attributes, splay } = recordOf(check['proxy_requests'])
  return [
    ['Fallback pipeline', textOf(recordOf(check['fallback_pipeline'])['name'])],
    ['Timeout', seconds('timeout')],
    ['TTL', numberOf(check['ttl']) > 0 ? seconds('ttl') : ''],
    ['Assets', listed(textsOf(check['runtime_assets']), 10)],
    ['Proxy entity', textOf(check['proxy_entity_name'])],
    ['Run for entities with', listed(textsOf(entity_attributes), 10)],
    ['Spread over the interval', splay === true ? 'yes' : ''],
    ['Round robin', check['round_robin'] === true ? 'one agent at a time' : ''],
    ['Subdued', subduesOf(check)],
    ['Event on standard input', flag('stdin')],
    ['Environment', listed(textsOf(check['env_vars']), 10)],
    [
      'Secrets',
      listed(
        listOf(check['secrets']).map((each) => textOf(recordOf(each)['name'])),
        10,
      ),
    ],
    ['Metric format', textOf(check['output_metric_format'])],
    ['Low flap threshold', percent('low_flap_threshold')],
    ['High flap threshold', percent('high_flap_threshold')],
    ['Output is dropped', flag('discard_output')],
    ['Output is cut at', numberOf(check['max_output_size']) > 0 ? `${numberOf(check['max_output_size'])} bytes` : ''],
  ].flatMap(([name = '', value = '']) => (value === '' ? [] : [[name, value] as const]))
}

function subduesOf(check: Readonly<Record<string, unknown>>): string {
  const windows = listOf(check['subdues']).length
  return windows === 0 ? '' : counted(windows, 'time window')
}

/** The schedule of a check as the backend sees it. */
export interface CheckExplanation {
  schedule: string
  /** Why it is never scheduled; empty if it is. */
  idle: string
  subdued: boolean
  next: readonly { at: number; subdued: boolean }[]
  agents: readonly { name: string; executed: number }[]
  agentsTotal: number
  away: readonly { name: string; since: number }[]
  awayTotal: number
  /** The last slots, the oldest first. */
  slots: readonly ShownSlot[]
  totals: Readonly<Record<string, number>>
  since: number
}

export interface ShownSlot extends SlotFacts {
  asked: number
  answered: number
  late: number
}

/** An explanation of the API's answer. */
export function readCheckExplanation(answer: unknown): CheckExplanation {
  const found = recordOf(answer)
  const totals = Object.entries(recordOf(found['totals'])).map(([name, number]) => [name, numberOf(number)] as const)
  return {
    schedule: textOf(found['schedule']),
    idle: textOf(found['idle']),
    subdued: found['subdued'] === true,
    next: listOf(found['next_runs']).map((each) => {
      const { at, subdued } = recordOf(each)
      return { at: numberOf(at), subdued: subdued === true }
    }),
    agents: listOf(found['agents']).map((each) => {
      const { name, executed } = recordOf(each)
      return { name: textOf(name), executed: numberOf(executed) }
    }),
    agentsTotal: numberOf(found['agents_total']),
    away: listOf(found['away']).map((each) => {
      const { name, since } = recordOf(each)
      return { name: textOf(name), since: numberOf(since) }
    }),
    awayTotal: numberOf(found['away_total']),
    slots: listOf(found['slots']).map(readShownSlot).toReversed(),
    totals: Object.fromEntries(totals),
    since: numberOf(found['since']),
  }
}

function readShownSlot(value: unknown): ShownSlot {
  const { asked, answered, late } = recordOf(value)
  return { ...readSlot(value), asked: numberOf(asked), answered: numberOf(answered), late: numberOf(late) }
}

const OUTCOMES = ['executed', 'late', 'partly', 'missed', 'subdued']

/** "58 executed, 1 partly, 1 missed"; nothing where no slot has ended. */
export function totalsInWords(totals: Readonly<Record<string, number>>): string {
  return OUTCOMES.filter((outcome) => (totals[outcome] ?? 0) > 0)
    .map((outcome) => counted(totals[outcome] ?? 0, outcome, outcome))
    .join(', ')
}

/** How many of the agents that were asked answered: "3 of 4 agents answered, 1 of them late". */
export function answersInWords({ asked, answered, late }: ShownSlot): string {
  if (asked === 0) return 'nobody was asked'
  const inTime = `${answered} of ${counted(asked, 'agent')} answered`
  return late === 0 ? inTime : `${inTime}, ${late} of them late`
}

/** The agents that were away when a slot was due, as far as it is known since when they are. */
export function awayAt(slot: SlotFacts, away: CheckExplanation['away']): string[] {
  return away.filter(({ since }) => since > 0 && since <= slot.at + AWAY_NOTICED_S).map(({ name }) => name)
}

/** Missing keepalives are noticed some time after an agent has gone. */
const AWAY_NOTICED_S = 180

/** The check under another name, not published, as it is sent to be created. */
export function copyOf(raw: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const { created_by, ...metadata } = recordOf(raw['metadata'])
  void created_by
  return { ...raw, metadata: { ...metadata, name }, publish: false }
}
