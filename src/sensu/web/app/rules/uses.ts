// Who uses resources, read from the API's answer and put into words: "checks http and disk, pipeline incidents".
import { KIND_WORDS } from './handling_kinds.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'
import { counted, listed, nounFor } from './words.ts'

/** A resource that refers to another one, and in which of its fields. */
export interface ResourceUser {
  kind: string
  name: string
  where: string
}

/** Who uses a resource; `users` are the first of them. */
export interface Uses {
  name: string
  exists: boolean
  count: number
  users: readonly ResourceUser[]
}

/** The uses of the resources of a kind, by their names. */
export function readUses(answer: unknown): ReadonlyMap<string, Uses> {
  const rows = listOf(recordOf(answer)['uses']).map((each): Uses => {
    const { name, exists, number, users } = recordOf(each)
    return { name: textOf(name), exists: exists === true, count: numberOf(number), users: listOf(users).map(readUser) }
  })
  return new Map(rows.map((row) => [row.name, row]))
}

function readUser(user: unknown): ResourceUser {
  const { kind, name, where } = recordOf(user)
  return { kind: textOf(kind), name: textOf(name), where: textOf(where) }
}

const WORDS = new Map<string, { one: string; many: string }>([
  ['checks', { one: 'check', many: 'checks' }],
  ...Object.entries(KIND_WORDS),
])

/** What one resource of a kind is called. */
export function wordOfKind(kind: string): string {
  return WORDS.get(kind)?.one ?? kind
}

/** The users in words, by their kinds. */
export function usersInWords({ count, users }: Pick<Uses, 'count' | 'users'>, most = 3): string {
  const kinds = [...new Set(users.map(({ kind }) => kind))]
  const words = kinds.map((kind) => {
    const names = [...new Set(users.filter((user) => user.kind === kind).map(({ name }) => name))]
    return `${nounFor(names.length, wordOfKind(kind), WORDS.get(kind)?.many ?? kind)} ${listed(names, most)}`
  })
  const others = count - users.length
  return [...words, ...(others > 0 ? [counted(others, 'other')] : [])].join(', ')
}
