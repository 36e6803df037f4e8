// References to other resources, as the API has them in pipelines and workflows.
import { recordOf, textOf } from '../../rules/outside.ts'

const TYPES: Readonly<Record<string, string>> = {
  filters: 'EventFilter',
  handlers: 'Handler',
  mutators: 'Mutator',
  pipelines: 'Pipeline',
}

/** A reference to a resource by its name. */
export function referenceTo(of: string, name: string): Record<string, string> {
  return { api_version: 'core/v2', type: TYPES[of] ?? '', name }
}

/** The kind that a reference has already: a workflow may lead to a handler of another kind, which a new name keeps. */
export function kindOf(reference: unknown): Record<string, string> {
  const { api_version, type } = recordOf(reference)
  return textOf(type) === '' ? {} : { api_version: textOf(api_version), type: textOf(type) }
}

/** Names that exist everywhere. */
export function builtIn(of: string): readonly string[] {
  if (of === 'filters') return ['is_incident', 'not_silenced', 'has_metrics']
  if (of === 'rule-templates') return ['aggregate']
  return of === 'mutators' ? ['json', 'only_check_output'] : []
}

const FIELDS: Readonly<Record<string, [of: string, field: string]>> = {
  assets: ['assets', 'asset.name'],
  checks: ['checks', 'check.name'],
  entities: ['entities', 'entity.name'],
  filters: ['filters', 'filter.name'],
  handlers: ['handlers', 'handler.name'],
  hooks: ['hooks', 'hook.name'],
  mutators: ['mutators', 'mutator.name'],
  pipelines: ['pipelines', 'pipeline.name'],
  'rule-templates': ['rule-templates', 'rule_template.name'],
  secrets: ['secrets', 'secret.name'],
  subscriptions: ['entities', 'entity.subscriptions'],
}

/** Where a kind is listed that searches do not know, empty for others. */
export function listedAt(of: string): string {
  return of === 'providers' ? '/api/enterprise/secrets/v1/providers' : ''
}

/** Where the names of a kind, or the subscriptions, are listed: a kind and a field of searches. */
export function searchedFor(of: string): [of: string, field: string] | undefined {
  return FIELDS[of]
}
