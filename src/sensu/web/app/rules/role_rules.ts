// Roles and bindings: what they say in words, which of them do nothing, and the verbs and resources that rules name.
import { listOf, recordOf, textOf } from './outside.ts'
import { anyInWords } from './rights.ts'

export const VERBS = ['get', 'list', 'create', 'update', 'delete'] as const

/** The words of resources in rules, as the API has them. */
export const RESOURCES: readonly (readonly [group: string, words: readonly string[]])[] = [
  ['Monitoring', ['events', 'entities', 'checks', 'silenced']],
  ['Handling', ['pipelines', 'handlers', 'filters', 'mutators', 'hooks', 'assets', 'secrets', 'deliveries']],
  ['Services', ['service-components', 'rule-templates']],
  ['Access', ['users', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings', 'apikeys', 'localselfuser']],
  ['System', ['namespaces', 'searches', 'audit', 'config', 'providers', 'tessen', 'cluster']],
]

/** One rule of a role. An empty list of names means all. */
export interface RoleRule {
  verbs: readonly string[]
  resources: readonly string[]
  names: readonly string[]
}

/** A role of a namespace, or of the cluster where `namespace` is empty. */
export interface RoleEntry {
  name: string
  namespace: string
  rules: readonly RoleRule[]
}

/** Whom a binding names. */
export interface Subject {
  type: 'User' | 'Group'
  name: string
}

/** A binding of a namespace, or of the cluster where `namespace` is empty. */
export interface BindingEntry {
  name: string
  namespace: string
  subjects: readonly Subject[]
  roleType: 'Role' | 'ClusterRole'
  role: string
}

/** The roles in an answer. */
export function rolesOf(answer: unknown): RoleEntry[] {
  return listOf(answer).map((role) => {
    const { metadata, rules } = recordOf(role)
    return { ...placeOf(metadata), rules: listOf(rules).map(ruleOf) }
  })
}

/** The bindings in an answer. */
export function bindingsOf(answer: unknown): BindingEntry[] {
  return listOf(answer).map((binding) => {
    const { metadata, subjects, role_ref: reference } = recordOf(binding)
    const { type, name } = recordOf(reference)
    return {
      ...placeOf(metadata),
      subjects: listOf(subjects).map(subjectOf),
      roleType: type === 'Role' ? 'Role' : 'ClusterRole',
      role: textOf(name),
    }
  })
}

function placeOf(metadata: unknown): { name: string; namespace: string } {
  const { name, namespace } = recordOf(metadata)
  return { name: textOf(name), namespace: textOf(namespace) }
}

function ruleOf(rule: unknown): RoleRule {
  const { verbs, resources, resource_names: names } = recordOf(rule)
  const texts = (value: unknown) => listOf(value).map((item) => textOf(item))
  return { verbs: texts(verbs), resources: texts(resources), names: texts(names) }
}

function subjectOf(subject: unknown): Subject {
  const { type, name } = recordOf(subject)
  return { type: type === 'Group' ? 'Group' : 'User', name: textOf(name) }
}

/** A rule as a sentence: "get, list on checks, handlers named http". */
export function ruleInWords({ verbs, resources, names }: RoleRule): string {
  const on = `${anyInWords(verbs, 'everything') || 'nothing'} on ${anyInWords(resources, 'every resource') || 'nothing'}`
  return names.length === 0 ? on : `${on} named ${names.join(', ')}`
}

/** Rules as the API takes them. */
export function rulesAsSent(rules: readonly RoleRule[]): unknown[] {
  return rules.map(({ verbs, resources, names }) => ({
    verbs,
    resources,
    resource_names: names.length === 0 ? null : names,
  }))
}

/** Why a rule would do nothing, or an empty text. */
export function ruleProblem({ verbs, resources }: RoleRule): string {
  if (verbs.length === 0) return 'Choose at least one verb.'
  return resources.length === 0 ? 'Choose at least one resource.' : ''
}

/** The role that a binding names; undefined: it does not exist, and the binding grants nothing. */
export function roleOf(binding: BindingEntry, roles: readonly RoleEntry[]): RoleEntry | undefined {
  const namespace = binding.roleType === 'Role' ? binding.namespace : ''
  return roles.find((role) => role.name === binding.role && role.namespace === namespace)
}

/** The bindings that grant a role. */
export function bindingsTo(role: RoleEntry, bindings: readonly BindingEntry[]): BindingEntry[] {
  return bindings.filter((binding) => roleOf(binding, [role]) !== undefined)
}

/** What is behind a name in words: "in default", or "everywhere". */
export function placeInWords(namespace: string): string {
  return namespace === '' ? 'everywhere' : `in ${namespace}`
}

/** A subject in words: "ann", "ops (group)". */
export function subjectInWords({ type, name }: Subject): string {
  return type === 'Group' ? `${name} (group)` : name
}

/** Names in a text, separated by commas or white space. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))]
}
