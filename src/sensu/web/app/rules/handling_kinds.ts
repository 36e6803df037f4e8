// The kinds that handle events, or that those need: what they are called, and what lists and pages show of them.
import { pageOf } from './kind_routes.ts'
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'
import { retryInWords } from './retry_words.ts'
import { durationInWords } from './time_words.ts'
import { counted, listed } from './words.ts'

/** The segment of a kind in paths. */
export type HandlingKind =
  | 'pipelines'
  | 'handlers'
  | 'filters'
  | 'mutators'
  | 'hooks'
  | 'assets'
  | 'secrets'
  | 'service-components'
  | 'fallback-pipelines'
  | 'tcp-stream-handlers'
  | 'sumo-logic-metrics-handlers'
  | 'rule-templates'

export interface KindWords {
  title: string
  one: string
  many: string
  /** Its name in files. */
  type: string
  /** What is said where none exists: a title and what the kind is for. */
  none: string
  purpose: string
}

export const KIND_WORDS: Readonly<Record<HandlingKind, KindWords>> = {
  pipelines: {
    title: 'Pipelines',
    one: 'pipeline',
    many: 'pipelines',
    type: 'Pipeline',
    none: 'No pipeline yet.',
    purpose: 'Checks name their handlers themselves. A pipeline keeps filters, a mutator and a handler in one place.',
  },
  handlers: {
    title: 'Handlers',
    one: 'handler',
    many: 'handlers',
    type: 'Handler',
    none: 'Nobody is notified yet.',
    purpose: 'Incidents are only seen here. A handler sends events to a command, a socket, or several other handlers.',
  },
  filters: {
    title: 'Filters',
    one: 'filter',
    many: 'filters',
    type: 'EventFilter',
    none: 'No filter yet.',
    purpose: 'A filter decides which events reach a handler, by expressions and by times of the week.',
  },
  mutators: {
    title: 'Mutators',
    one: 'mutator',
    many: 'mutators',
    type: 'Mutator',
    none: 'No mutator yet.',
    purpose: 'A mutator changes events on their way to a handler. Without one, handlers get events as JSON.',
  },
  hooks: {
    title: 'Hooks',
    one: 'hook',
    many: 'hooks',
    type: 'HookConfig',
    none: 'No hook yet.',
    purpose:
      'A hook is a command that an agent runs when a check has a certain result, to gather facts or to fix something.',
  },
  assets: {
    title: 'Assets',
    one: 'asset',
    many: 'assets',
    type: 'Asset',
    none: 'No asset yet.',
    purpose:
      'An asset is an archive of programs that agents and the backend download when a check or handler needs it.',
  },
  secrets: {
    title: 'Secrets',
    one: 'secret',
    many: 'secrets',
    type: 'Secret',
    none: 'No secret yet.',
    purpose: 'A secret lets checks, handlers and mutators use a password that a provider has, without showing it.',
  },
  'service-components': {
    title: 'Service components',
    one: 'service component',
    many: 'service components',
    type: 'ServiceComponent',
    none: 'No service component yet.',
    purpose:
      'A component selects the events that a business service depends on, and its rules decide how the service is.',
  },
  'fallback-pipelines': {
    title: 'Fallback pipelines',
    one: 'fallback pipeline',
    many: 'fallback pipelines',
    type: 'FallbackPipeline',
    none: 'No fallback pipeline yet.',
    purpose: 'A fallback pipeline is a list of pipelines: each handles the events that the one before it gave up.',
  },
  'tcp-stream-handlers': {
    title: 'TCP stream handlers',
    one: 'TCP stream handler',
    many: 'TCP stream handlers',
    type: 'TCPStreamHandler',
    none: 'No TCP stream handler yet.',
    purpose: 'A TCP stream handler writes events to an address over connections that stay open.',
  },
  'sumo-logic-metrics-handlers': {
    title: 'Sumo Logic handlers',
    one: 'Sumo Logic handler',
    many: 'Sumo Logic handlers',
    type: 'SumoLogicMetricsHandler',
    none: 'No Sumo Logic handler yet.',
    purpose: 'A Sumo Logic handler sends metrics to an HTTP source of Sumo Logic.',
  },
  'rule-templates': {
    title: 'Rule templates',
    one: 'rule template',
    many: 'rule templates',
    type: 'RuleTemplate',
    none: 'No rule template yet.',
    purpose: 'A template is a script that makes one event of the events of a service component.',
  },
}

/** The API groups of kinds that are not in core/v2. */
const GROUPS: Readonly<Partial<Record<HandlingKind, string>>> = {
  secrets: 'secrets/v1',
  'service-components': 'bsm/v1',
  'rule-templates': 'bsm/v1',
  'fallback-pipelines': 'fallback_pipeline/v1',
  'tcp-stream-handlers': 'pipeline/v1',
  'sumo-logic-metrics-handlers': 'pipeline/v1',
}

/** The name of the page of one resource; that of its form ends with `_form`. */
export function pageOfKind(kind: HandlingKind): string {
  return pageOf(kind)
}

/** The name of the page with the list of a kind. */
export function listPageOfKind(kind: HandlingKind): string {
  return kind.replaceAll('-', '_')
}

/** Names that every namespace has, and that cannot be changed. */
export function isBuiltIn(kind: HandlingKind, name: string): boolean {
  return kind === 'rule-templates' && name === 'aggregate'
}

/** The path of a kind's list in the API, and the version in its files. */
export function placeOfKind(kind: HandlingKind): { path: string; apiVersion: string } {
  const group = GROUPS[kind]
  if (group !== undefined) return { path: `/api/enterprise/${group}/namespaces/{}/${kind}`, apiVersion: group }
  return { path: `/api/core/v2/namespaces/{}/${kind}`, apiVersion: 'core/v2' }
}

/** A resource with its fields beside its metadata: some kinds come in an envelope, as files have them. */
export function withoutEnvelope(resource: unknown): Readonly<Record<string, unknown>> {
  const { spec, metadata, api_version } = recordOf(resource)
  return isRecord(spec) && textOf(api_version) !== '' ? { ...spec, metadata } : recordOf(resource)
}

/** Kinds that list pages link to: those above, and checks. */
export const PAGE_OF_KIND: Readonly<Record<string, string>> = {
  checks: 'check',
  ...Object.fromEntries(Object.keys(KIND_WORDS).map((kind) => [kind, pageOf(kind)])),
}

/** A name and the text of a resource. */
export type Fact = readonly [name: string, value: string]

type Fields = Readonly<Record<string, unknown>>

const SUMMARIES: Readonly<Record<HandlingKind, (spec: Fields) => string>> = {
  pipelines: (spec) => counted(listOf(spec['workflows']).length, 'workflow'),
  handlers: handlerInWords,
  filters: filterInWords,
  mutators: (spec) => textOf(spec['type'] === 'javascript' ? spec['eval'] : spec['command']),
  hooks: (spec) => textOf(spec['command']),
  assets: (spec) => textOf(spec['url']) || counted(listOf(spec['builds']).length, 'build'),
  secrets: (spec) => `${textOf(spec['id'])} of ${textOf(spec['provider'])}`,
  'service-components': (spec) => `${namesOf(spec['services'])}: ${queryOf(spec)}`,
  'fallback-pipelines': (spec) => listed(namesIn(spec['pipelines'])),
  'tcp-stream-handlers': (spec) => textOf(spec['address']),
  'sumo-logic-metrics-handlers': (spec) => textOf(spec['url']),
  'rule-templates': (spec) => textOf(spec['description']),
}

/** In a few words, what a resource does: the second column of its list. */
export function summaryOf(kind: HandlingKind, resource: unknown): string {
  return SUMMARIES[kind](recordOf(resource))
}

function namesOf(names: unknown): string {
  return listed(listOf(names).map((each) => textOf(each)))
}

function namesIn(references: unknown): string[] {
  return listOf(references).map((each) => textOf(recordOf(each)['name']))
}

function queryOf(component: Fields): string {
  const selectors = listOf(component['query']).map((each) => textOf(recordOf(each)['value']))
  return selectors.join(' && ')
}

function filterInWords(filter: Fields): string {
  const expressions = listOf(filter['expressions']).map((each) => textOf(each))
  return `${textOf(filter['action'])}: ${expressions.join(' && ') || 'by its time windows'}`
}

function handlerInWords(handler: Fields): string {
  const type = textOf(handler['type'])
  const { host, port } = recordOf(handler['socket'])
  if (type === 'set') return `all of ${listed(listOf(handler['handlers']).map((each) => textOf(each)))}`
  if (type === 'tcp' || type === 'udp') return `${type} ${textOf(host)}:${numberOf(port)}`
  return textOf(handler['command'])
}

const NAMES_OF_FIELDS: readonly (readonly [field: string, name: string])[] = [
  ['type', 'Type'],
  ['action', 'Action'],
  ['provider', 'Provider'],
  ['id', 'Id in the provider'],
  ['command', 'Command'],
  ['eval', 'Script'],
  ['expressions', 'Expressions'],
  ['handlers', 'Handlers of the set'],
  ['filters', 'Filters'],
  ['mutator', 'Mutator'],
  ['env_vars', 'Environment'],
  ['stdin', 'Event on standard input'],
  ['url', 'URL'],
  ['address', 'Address'],
  ['sha512', 'SHA-512'],
  ['runtime_assets', 'Assets'],
  ['description', 'Description'],
  ['services', 'Services'],
  ['cron', 'Cron'],
]

/** What the page of a resource shows of it, where it is set. */
export function factsOf(kind: HandlingKind, resource: unknown): Fact[] {
  const spec = recordOf(resource)
  const facts = NAMES_OF_FIELDS.map(([field, name]): Fact => [name, valueInWords(spec[field])])
  const { host, port } = recordOf(spec['socket'])
  if (textOf(host) !== '') facts.push(['Address', `${textOf(host)}:${numberOf(port)}`])
  const timeoutS = numberOf(spec['timeout'])
  if (timeoutS > 0) facts.push(['Timeout', durationInWords(timeoutS)])
  facts.push(['Pipelines, in this order', namesIn(spec['pipelines']).join('\n')])
  facts.push(['Secrets', namesIn(spec['secrets']).join('\n')])
  if (kind.endsWith('handlers') && textOf(spec['type']) !== 'set') facts.push(['When it fails', retryInWords(spec)])
  if (isRecord(spec['when'])) facts.push(['Time windows', 'only at certain times of the week: see YAML'])
  if (kind === 'service-components') facts.push(...componentFacts(spec))
  for (const build of listOf(spec['builds'])) facts.push(['Build', buildInWords(build)])
  return facts.filter(([, value]) => value !== '')
}

function componentFacts(component: Fields): Fact[] {
  const intervalS = numberOf(component['interval'])
  const rules = listOf(component['rules']).map((each): Fact => {
    const { name, template, arguments: given } = recordOf(each)
    const values = Object.entries(recordOf(given)).map(([argument, value]) => `${argument}: ${JSON.stringify(value)}`)
    return [`Rule ${textOf(name)}`, [textOf(template), ...values].join('\n')]
  })
  return [['Selects', queryOf(component)], ['Interval', intervalS > 0 ? durationInWords(intervalS) : ''], ...rules]
}

function buildInWords(build: unknown): string {
  const { url, sha512, filters } = recordOf(build)
  const hosts = listOf(filters).map((each) => textOf(each))
  return [textOf(url), ...hosts.map((each) => `if ${each}`), `SHA-512 ${textOf(sha512)}`].join('\n')
}

function valueInWords(value: unknown): string {
  if (value === true) return 'yes'
  return Array.isArray(value) ? value.map((each) => textOf(each)).join('\n') : textOf(value)
}

/** The labels and annotations of a resource. */
export function pairsOf(resource: unknown, field: 'labels' | 'annotations'): Fact[] {
  const pairs = recordOf(recordOf(recordOf(resource)['metadata'])[field])
  return Object.entries(pairs).map(([name, value]): Fact => [name, textOf(value)])
}
