// Whether a caller's rules allow an action; the server decides in any case.
import { listOf, recordOf, textOf } from './outside.ts'

/** A rule as /access/me gives it. An empty list of names means all; `*` stands for everything. */
export interface RightsRule {
  verbs: readonly string[]
  resources: readonly string[]
  names: readonly string[]
}

/** Whether one of the rules allows the verb on the resource; without a name: on any of them. */
export function allows(rules: readonly RightsRule[], verb: string, resource: string, name?: string): boolean {
  return rules.some((rule) => holds(rule.verbs, verb) && holds(rule.resources, resource) && named(rule, name))
}

function holds(list: readonly string[], wanted: string): boolean {
  return list.includes('*') || list.includes(wanted)
}

function named(rule: RightsRule, name: string | undefined): boolean {
  return name === undefined || rule.names.length === 0 || rule.names.includes('*') || rule.names.includes(name)
}

/** Why a button is off: "needs delete on events". */
export function missingRight(verb: string, resource: string): string {
  return `needs ${verb} on ${resource}`
}

/** The words of a rule as people read them: `*` among them stands for everything. */
export function anyInWords(words: readonly string[], everything: string): string {
  return words.includes('*') ? everything : words.join(', ')
}

/** The people and groups in an answer about who may grant rights: "ann", "ops (group)". */
export function grantersOf(answer: unknown): string[] {
  const { users, groups } = recordOf(answer)
  const names = (list: unknown) => listOf(list).map((one) => textOf(recordOf(one)['name']))
  return [...names(users), ...names(groups).map((name) => `${name} (group)`)]
}
