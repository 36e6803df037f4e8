// What the access pages load and change: users, roles, bindings, API keys, and who may do what.
import type { Loaded } from '../../live/loaded.svelte.ts'
import { loaded } from '../../live/loaded.svelte.ts'
import { rights } from '../../live/rights.svelte.ts'
import { listOf, numberOf, recordOf, textOf } from '../../rules/outside.ts'
import { type BindingEntry, type RoleEntry, bindingsOf, rolesOf } from '../../rules/role_rules.ts'
import { type Outcome, answered } from '../../wire/outcomes.ts'
import { ask } from '../../wire/requests.ts'

export const CORE = '/api/core/v2'
export const ACCESS = '/api/sensu/v1/access'
export const KEYS = '/api/sensu/v1/apikeys'
/** A list of users or keys is cut here, and says so. */
export const LISTED_MAX = 1000

export interface UserEntry {
  username: string
  groups: readonly string[]
  disabled: boolean
}

/** An API key without the key. */
export interface KeyEntry {
  id: string
  lastCharacters: string
  username: string
  createdBy: string
  createdS: number
  usedS: number
}

/** Somebody who may do something, and the binding that grants it. */
export interface Entitled {
  name: string
  through: string
}

export interface WhoMay {
  users: readonly Entitled[]
  groups: readonly Entitled[]
  partial: boolean
}

/** A rule of somebody, where it holds, and the binding that grants it. */
export interface PlacedRule {
  namespace: string
  verbs: readonly string[]
  resources: readonly string[]
  names: readonly string[]
  through: string
}

export interface AccessOf {
  username: string
  groups: readonly string[]
  disabled: boolean
  rules: readonly PlacedRule[]
  partial: boolean
  hidden: readonly string[]
}

function texts(value: unknown): string[] {
  return listOf(value).map((item) => textOf(item))
}

/** The users in an answer. */
export function readUsers(answer: unknown): UserEntry[] {
  return listOf(answer).map((user) => {
    const { username, groups, disabled } = recordOf(user)
    return { username: textOf(username), groups: texts(groups), disabled: disabled === true }
  })
}

/** The API keys in an answer, and whether there are more. */
export function readKeys(answer: unknown): { keys: KeyEntry[]; partial: boolean } {
  const { keys, partial } = recordOf(answer)
  return { keys: listOf(keys).map(keyOf), partial: partial === true }
}

function keyOf(key: unknown): KeyEntry {
  const values = recordOf(key)
  return {
    id: textOf(values['id']),
    lastCharacters: textOf(values['last_characters']),
    username: textOf(values['username']),
    createdBy: textOf(values['created_by']),
    createdS: numberOf(values['created_at']),
    usedS: numberOf(values['last_used_at']),
  }
}

/** Who may do something. */
export function readWho(answer: unknown): WhoMay {
  const { users, groups, partial } = recordOf(answer)
  const entitled = (list: unknown) =>
    listOf(list).map((one) => ({ name: textOf(recordOf(one)['name']), through: textOf(recordOf(one)['through']) }))
  return { users: entitled(users), groups: entitled(groups), partial: partial === true }
}

/** What somebody may do. */
export function readAccessOf(answer: unknown): AccessOf {
  const values = recordOf(answer)
  return {
    username: textOf(values['username']),
    groups: texts(values['groups']),
    disabled: values['disabled'] === true,
    rules: listOf(values['rules']).map(placedRuleOf),
    partial: values['partial'] === true,
    hidden: texts(values['hidden']),
  }
}

function placedRuleOf(rule: unknown): PlacedRule {
  const values = recordOf(rule)
  return {
    namespace: textOf(values['namespace']),
    verbs: texts(values['verbs']),
    resources: texts(values['resources']),
    names: texts(values['names']),
    through: textOf(values['through']),
  }
}

/** All users, for as long as the component is shown. */
export function loadedUsers(): Loaded<UserEntry[]> {
  return loaded(() => ({
    key: ['users'],
    load: (signal) => ask(`${CORE}/users?limit=${LISTED_MAX}`, readUsers, { signal }),
    topics: ['resources:users:'],
    when: rights.may('list', 'users'),
  }))
}

/** The roles of the cluster and of all namespaces, those of the cluster first. */
export function loadedRoles(): Loaded<RoleEntry[]> {
  return loaded(() => ({
    key: ['roles'],
    load: (signal) => both('clusterroles', 'roles', rolesOf, signal),
    topics: ['session', 'resources:clusterroles:'],
  }))
}

/** The bindings of the cluster and of all namespaces, those of the cluster first. */
export function loadedBindings(): Loaded<BindingEntry[]> {
  return loaded(() => ({
    key: ['bindings'],
    load: (signal) => both('clusterrolebindings', 'rolebindings', bindingsOf, signal),
    topics: ['session', 'resources:clusterrolebindings:'],
  }))
}

/** Two lists as one; a caller who may not list the second in all namespaces gets the first alone. */
async function both<T>(
  first: string,
  second: string,
  read: (answer: unknown) => T[],
  signal: AbortSignal,
): Promise<Outcome<T[]>> {
  const everywhere = await ask(`${CORE}/${first}`, read, { signal })
  if (everywhere.kind !== 'answered' || !rights.may('list', second)) return everywhere
  const within = await ask(`${CORE}/${second}`, read, { signal })
  if (within.kind === 'refused' && within.status === 403) return everywhere
  return within.kind === 'answered' ? answered([...everywhere.data, ...within.data]) : within
}
