// Saved searches: what is seen as the parameters of a search, `status:critical`, and back as the query of a page.
import { EVERYTHING, eventFilter, isEverything } from './event_filter.ts'
import { listOf, recordOf, textOf } from './outside.ts'
import { quoted, searchQuestion, withLabelPrefix } from './search_tokens.ts'
import { readStatus } from './status.ts'
import { type View, changedQuery } from './view_of_url.ts'

/** A search that somebody saved. */
export interface SavedSearch {
  name: string
  by: string
  parameters: readonly string[]
  resource: string
}

/** The kinds whose searches can be saved: the type of the resources, and the key of a word in their names. */
const KINDS: ReadonlyMap<string, readonly [resource: string, word: string]> = new Map([
  ['events', ['core.v2/Event', 'event']],
  ['entities', ['core.v2/Entity', 'entity']],
  ['checks', ['core.v2/CheckConfig', 'check']],
])
/** The parameters of events that are comparisons of a field. */
const FIELDS: ReadonlyMap<string, (value: string) => string> = new Map([
  ['entity', (value: string) => `event.entity.name == ${quoted(value)}`],
  ['check', (value: string) => `event.check.name == ${quoted(value)}`],
  ['class', (value: string) => `event.entity.entity_class == ${quoted(value)}`],
  ['subscription', (value: string) => `${quoted(value)} in event.entity.subscriptions`],
])

/** The type of the resources of a list. */
export function resourceOf(of: string): string {
  return KINDS.get(of)?.[0] ?? ''
}

/** A saved search from an answer. */
export function readSavedSearch(answer: unknown): SavedSearch {
  const resource = recordOf(answer)
  const [metadata, spec] = [recordOf(resource['metadata']), recordOf(resource['spec'])]
  return {
    name: textOf(metadata['name']),
    by: textOf(metadata['created_by']),
    parameters: listOf(spec['parameters']).map((parameter) => textOf(parameter)),
    resource: textOf(spec['resource']),
  }
}

/** What is seen in a list, as parameters; none: everything is seen. */
export function parametersOf(of: string, view: View): string[] {
  const { word, fieldSelector, labelSelector } = searchQuestion(view.q)
  return [
    ...(of === 'events' ? statusParameters(view) : []),
    ...(word === '' ? [] : [`${KINDS.get(of)?.[1] ?? ''}:${word}`]),
    ...fieldSelector.map((selector) => `fieldSelector:${selector}`),
    ...labelSelector.map((selector) => `labelSelector:${selector}`),
  ]
}

/** The query of the page of a list that shows what a saved search finds. */
export function queryOf(of: string, parameters: readonly string[]): string {
  const pairs = parameters.map((parameter) => [parameter.split(':', 1)[0] ?? '', afterColon(parameter)] as const)
  const q = pairs.map(([key, value]) => termOf(of, key, value)).filter((term) => term !== '')
  return changedQuery('', { q: q.join(' && '), ...(of === 'events' ? statusChanges(pairs) : {}) })
}

function statusParameters(view: View): string[] {
  const filter = eventFilter(view)
  if (filter.isDefault) return ['status:incident', 'silenced:false']
  return [
    ...(isEverything(filter) || view.status.length === 0 ? [] : [`status:${filter.statuses.join(',')}`]),
    ...(filter.silenced === undefined ? [] : [`silenced:${String(filter.silenced)}`]),
  ]
}

function statusChanges(pairs: readonly (readonly [key: string, value: string])[]): Partial<View> {
  const of = (wanted: string) => pairs.flatMap(([key, value]) => (key === wanted ? value.split(',') : []))
  const [words, silenced] = [of('status'), of('silenced').at(-1)]
  const flag = silenced === undefined ? undefined : silenced === 'true'
  if (words.includes('incident')) {
    const isDefault = flag === false
    return isDefault ? {} : { status: ['critical', 'warning', 'unknown'], silenced: flag }
  }
  const status = words.flatMap((word) => readStatus(word) ?? [])
  return status.length === 0 && flag === undefined ? EVERYTHING : { status, silenced: flag }
}

function termOf(of: string, key: string, value: string): string {
  if (key === KINDS.get(of)?.[1]) return value
  if (key === 'fieldSelector') return value
  if (key === 'labelSelector') return withLabelPrefix(value)
  return of === 'events' ? (FIELDS.get(key)?.(value) ?? '') : ''
}

function afterColon(parameter: string): string {
  return parameter.slice(parameter.indexOf(':') + 1)
}
