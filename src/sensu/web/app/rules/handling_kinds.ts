// The kinds that handle events, or that those need: what they are called, and what lists and pages show of them.
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'
import { retryInWords } from './retry_words.ts'
import { durationInWords } from './time_words.ts'
import { counted, listed } from './words.ts'

/** The segment of a kind in paths. */
export type HandlingKind = 'pipelines' | 'handlers' | 'filters' | 'mutators' | 'hooks' | 'assets' | 'secrets'

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
}

/** The path of a kind's list in the API, and the version in its files. */
export function placeOfKind(kind: HandlingKind): { path: string; apiVersion: string } {
  if (kind === 'secrets') return { path: '/api/enterprise/secrets/v1/namespaces/{}/secrets', apiVersion: 'secrets/v1' }
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
  ...Object.fromEntries(Object.entries(KIND_WORDS).map(([kind, { one }]) => [kind, one])),
}

/** A name and the text of a resource. */
export type Fact = readonly [name: string, value: string]

/** In a few words, what a resource does: the second column of its list. */
export function summaryOf(kind: HandlingKind, resource: unknown): string {
  const spec = recordOf(resource)
  if (kind === 'secrets') return `${textOf(spec['id'])} of ${textOf(spec['provider'])}`
  switch (kind) {
    case 'pipelines':
      return counted(listOf(spec['workflows']).length, 'workflow')
    case 'handlers':
      return handlerInWords(spec)
    case 'filters':
      return filterInWords(spec)
    case 'mutators':
      return textOf(spec['type']) === 'javascript' ? textOf(spec['eval']) : textOf(spec['command'])
    case 'hooks':
      return textOf(spec['command'])
    case 'assets':
      return textOf(spec['url']) || counted(listOf(spec['builds']).length, 'build')
  }
}

function filterInWords(filter: Readonly<Record<string, unknown>>): string {
  const expressions = listOf(filter['expressions']).map((each) => textOf(each))
  return `${textOf(filter['action'])}: ${expressions.join(' && ') || 'by its time windows'}`
}

function handlerInWords(handler: Readonly<Record<string, unknown>>): string {
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
  ['sha512', 'SHA-512'],
  ['runtime_assets', 'Assets'],
]

/** What the page of a resource shows of it, where it is set. */
export function factsOf(kind: HandlingKind, resource: unknown): Fact[] {
  const spec = recordOf(resource)
  const facts = NAMES_OF_FIELDS.map(([field, name]): Fact => [name, valueInWords(spec[field])])
  const { host, port } = recordOf(spec['socket'])
  if (textOf(host) !== '') facts.push(['Address', `${textOf(host)}:${numberOf(port)}`])
  const timeoutS = numberOf(spec['timeout'])
  if (timeoutS > 0) facts.push(['Timeout', durationInWords(timeoutS)])
  const secrets = listOf(spec['secrets']).map((each) => textOf(recordOf(each)['name']))
  facts.push(['Secrets', secrets.join('\n')])
  if (kind === 'handlers' && textOf(spec['type']) !== 'set') facts.push(['When it fails', retryInWords(spec)])
  if (isRecord(spec['when'])) facts.push(['Time windows', 'only at certain times of the week: see YAML'])
  for (const build of listOf(spec['builds'])) facts.push(['Build', buildInWords(build)])
  return facts.filter(([, value]) => value !== '')
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
