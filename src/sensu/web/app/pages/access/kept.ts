// Roles and bindings as they are kept: read with their version, created, replaced if nobody changed them meanwhile, deleted.
import { type Outcome, answered } from '../../wire/outcomes.ts'
import { act, ask, pathOf } from '../../wire/requests.ts'
import { CORE } from './access_data.ts'

type Kind = 'roles' | 'rolebindings'

interface Placed {
  name: string
  namespace: string
}

/** Something that is kept, with the version that a change belongs to. */
export interface Kept<T extends Placed> {
  entry: T
  path: string
  etag: string
}

/** Where resources of a kind are: those of a namespace, or of the cluster for no namespace. */
export function collectionOf(kind: Kind, namespace: string): string {
  return namespace === '' ? `${CORE}/cluster${kind}` : pathOf(`${CORE}/namespaces/{}/${kind}`, namespace)
}

function pathOfOne(kind: Kind, { name, namespace }: Placed): string {
  return collectionOf(kind, namespace) + pathOf('/{}', name)
}

/** One of them with its version. */
export async function keptOne<T extends Placed>(
  kind: Kind,
  place: Placed,
  read: (answer: unknown) => T[],
): Promise<Outcome<Kept<T>>> {
  const path = pathOfOne(kind, place)
  const outcome = await ask(path, (answer) => read([answer]))
  if (outcome.kind !== 'answered') return outcome
  const [entry] = outcome.data
  return entry === undefined
    ? { kind: 'unreachable', why: 'the answer is empty' }
    : answered({ entry, path, etag: outcome.etag })
}

/** Creates one; the name must be free. */
export function createdIn(
  collection: string,
  name: string,
  namespace: string,
  spec: Readonly<Record<string, unknown>>,
): Promise<Outcome<undefined>> {
  const metadata = { name: name.trim(), ...(namespace === '' ? {} : { namespace }) }
  return act(collection, { method: 'POST', body: { metadata, ...spec } })
}

/** Changes parts of one, unless somebody else changed it since it was read. */
export function replacedIf<T extends Placed>(
  { path, etag }: Kept<T>,
  parts: Readonly<Record<string, unknown>>,
): Promise<Outcome<undefined>> {
  const body = JSON.stringify(parts)
  return act(path, { method: 'PATCH', body, type: 'application/merge-patch+json', headers: { 'If-Match': etag } })
}

export function deletedOne(kind: Kind, place: Placed): Promise<Outcome<undefined>> {
  return act(pathOfOne(kind, place), { method: 'DELETE' })
}
