// The completions of a search text at the caret: `await completion.read(namespace, 'events', text, caret)`, `completion.options`.
import { listOf, numberOf, recordOf, textOf } from '../rules/outside.ts'
import {
  type Completion,
  type CompletionPlace,
  type CountedValue,
  completionPlace,
  fieldCompletions,
  labelCompletions,
  operatorCompletions,
  valueCompletions,
} from '../rules/search_completion.ts'
import { ask, pathOf } from '../wire/requests.ts'

/** The kinds whose lists are searched by the server, and the fields whose values a word alone can mean. */
const NAME_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['events', ['event.entity.name', 'event.check.name']],
  ['entities', ['entity.name']],
  ['checks', ['check.name']],
])
const NAMES_SHOWN = 4
const FIELDS_SHOWN = 8
const VALUES_SHOWN = 12

export class SearchCompletions {
  options = $state.raw<readonly Completion[]>([])
  place: CompletionPlace | undefined
  /** Done when the completions are those of what was asked last. */
  settled: Promise<void> = Promise.resolve()
  #run = new AbortController()
  #fields = new Map<string, readonly string[]>()

  /** Reads what the text can be completed with; the newest question counts. */
  read(namespace: string, of: string, text: string, caret: number): Promise<void> {
    this.settled = this.#read(namespace, of, text, caret)
    return this.settled
  }

  /** Forgets the completions. */
  clear(): void {
    this.#run.abort()
    this.options = []
  }

  async #read(namespace: string, of: string, text: string, caret: number): Promise<void> {
    this.#run.abort()
    this.#run = new AbortController()
    const { signal } = this.#run
    const place = NAME_FIELDS.has(of) ? completionPlace(text, caret) : undefined
    const options = place === undefined ? [] : await this.#optionsAt(place, new SearchSource(namespace, of, signal))
    if (signal.aborted) return
    this.place = place
    this.options = options
  }

  async #optionsAt(place: CompletionPlace, source: SearchSource): Promise<readonly Completion[]> {
    const { kind, field, prefix } = place
    if (kind === 'operator') return operatorCompletions(prefix)
    if (kind === 'value' || kind === 'list')
      return valueCompletions(await source.values(field, prefix, VALUES_SHOWN), { list: kind === 'list' })
    const asked = kind === 'start' && prefix !== '' ? (NAME_FIELDS.get(source.of) ?? []) : []
    const [fields, labels, ...names] = await Promise.all([
      this.#fieldsOf(source),
      source.values('labels', prefix.replace(/^labels\./, ''), NAMES_SHOWN),
      ...asked.map((name) => source.values(name, prefix, NAMES_SHOWN)),
    ])
    return [
      ...asked.flatMap((name, index) => valueCompletions(names[index] ?? [], { field: name })),
      ...labelCompletions(labels),
      ...fieldCompletions(fields, prefix).slice(0, FIELDS_SHOWN),
    ]
  }

  async #fieldsOf(source: SearchSource): Promise<readonly string[]> {
    const known = this.#fields.get(source.of)
    if (known !== undefined) return known
    const fields = await source.fields()
    if (fields.length > 0) this.#fields.set(source.of, fields)
    return fields
  }
}

/** What a kind can be searched by, and the values that there are. */
export class SearchSource {
  readonly of: string
  #namespace: string
  #signal: AbortSignal

  constructor(namespace: string, of: string, signal: AbortSignal) {
    this.of = of
    this.#namespace = namespace
    this.#signal = signal
  }

  /** The names of the fields of the kind. */
  async fields(): Promise<readonly string[]> {
    const answer = await this.#ask('fields', {})
    const fields = listOf(answer['fields']).map((field) => recordOf(field))
    return fields.filter((field) => listOf(field['operators']).length > 0).map((field) => textOf(field['name']))
  }

  /** The most frequent values of a field that begin with a prefix. */
  async values(field: string, prefix: string, limit: number): Promise<readonly CountedValue[]> {
    const answer = await this.#ask('values', { field, prefix, limit: String(limit) })
    return listOf(answer['values']).map((value) => {
      const { value: text, count } = recordOf(value)
      return { value: textOf(text), count: numberOf(count) }
    })
  }

  async #ask(what: string, query: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
    const path = pathOf('/api/sensu/v1/namespaces/{}/search/{}', this.#namespace, what)
    const words = new URLSearchParams({ of: this.of, ...query })
    const outcome = await ask(`${path}?${words.toString()}`, recordOf, { signal: this.#signal })
    return outcome.kind === 'answered' ? outcome.data : {}
  }
}
