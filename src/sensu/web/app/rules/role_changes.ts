// What a change of a role's rules gives and takes, in words, for the preview before it is saved.
import { RESOURCES, type RoleRule, VERBS, ruleInWords } from './role_rules.ts'

/** What those who have the role gain and lose: rules in words, such as "delete on checks, hooks". */
export interface RoleChange {
  gained: readonly string[]
  lost: readonly string[]
}

type Right = readonly [verb: string, resource: string, name: string]

const ALL_RESOURCES = RESOURCES.flatMap(([, words]) => words)

/** The difference between two versions of a role. */
export function roleChange(before: readonly RoleRule[], after: readonly RoleRule[]): RoleChange {
  return { gained: inWords(rightsOf(after, before)), lost: inWords(rightsOf(before, after)) }
}

/** The rights of `rules` that `others` do not give. */
function rightsOf(rules: readonly RoleRule[], others: readonly RoleRule[]): Right[] {
  const all = rules.flatMap(({ verbs, resources, names }) =>
    whole(verbs, VERBS).flatMap((verb) =>
      whole(resources, ALL_RESOURCES).flatMap((resource) =>
        (names.length === 0 ? [''] : names).map((name): Right => [verb, resource, name]),
      ),
    ),
  )
  return all.filter((right) => !others.some((rule) => gives(rule, right)))
}

function whole(words: readonly string[], all: readonly string[]): readonly string[] {
  return words.includes('*') ? all : words
}

function gives(rule: RoleRule, [verb, resource, name]: Right): boolean {
  const has = (words: readonly string[], word: string) => words.includes('*') || words.includes(word)
  return (
    has(rule.verbs, verb) && has(rule.resources, resource) && (rule.names.length === 0 || rule.names.includes(name))
  )
}

/** Rights as few rules in words: verbs of a resource together, then resources with the same verbs. */
function inWords(rights: readonly Right[]): string[] {
  const verbs = new Map<string, { resource: string; name: string; verbs: string[] }>()
  for (const [verb, resource, name] of rights) {
    const key = JSON.stringify([resource, name])
    const found = verbs.get(key) ?? { resource, name, verbs: [] }
    if (!found.verbs.includes(verb)) found.verbs.push(verb)
    verbs.set(key, found)
  }
  const rules = new Map<string, { verbs: string[]; name: string; resources: string[] }>()
  for (const { resource, name, verbs: its } of verbs.values()) {
    const key = JSON.stringify([its, name])
    const found = rules.get(key) ?? { verbs: its, name, resources: [] }
    found.resources.push(resource)
    rules.set(key, found)
  }
  return [...rules.values()].map((rule) =>
    ruleInWords({
      verbs: joined(rule.verbs, VERBS),
      resources: joined(rule.resources, ALL_RESOURCES),
      names: rule.name === '' ? [] : [rule.name],
    }),
  )
}

function joined(words: readonly string[], all: readonly string[]): readonly string[] {
  return all.every((word) => words.includes(word)) ? ['*'] : words
}
