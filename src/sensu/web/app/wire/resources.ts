// Reading and saving resources of any kind: `await saveResource(schema, 'default', 'http', document, before)`.
import type { Document } from '../rules/document_paths.ts'
import type { FormSchema } from '../rules/form_schema.ts'
import { patchBetween } from '../rules/merging.ts'
import { resourceOf } from '../rules/new_documents.ts'
import { listOf, recordOf, textOf } from '../rules/outside.ts'
import type { Outcome } from './outcomes.ts'
import { act, ask, pathOf } from './requests.ts'

/** The state that a change is based on. */
export interface Before {
  document: Document
  etag: string
}

/** A stored resource, as JSON. */
export function stored(
  schema: FormSchema,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<Outcome<unknown>> {
  return ask(resourcePath(schema, namespace, name), (answer) => answer, { signal })
}

/** Creates a resource (`name` is empty), or replaces it if its state is still the one before. */
export function saveResource(
  schema: FormSchema,
  namespace: string,
  name: string,
  document: Document,
  before: Before,
): Promise<Outcome<undefined>> {
  const body = resourceOf(document, namespace)
  if (schema.segment === 'entities' && name !== '') return patchEntity(schema, namespace, name, document, before)
  if (name !== '') {
    const headers = before.etag === '' ? {} : { 'If-Match': before.etag }
    return act(resourcePath(schema, namespace, name), { method: 'PUT', body, headers })
  }
  if (schema.apiVersion === 'core/v2') return act(resourcePath(schema, namespace), { method: 'POST', body })
  const path = resourcePath(schema, namespace, nameIn(document))
  return act(path, { method: 'PUT', body, headers: { 'If-None-Match': '*' } })
}

/** Only what was changed: what its agent reports meanwhile stays. */
function patchEntity(
  schema: FormSchema,
  namespace: string,
  name: string,
  document: Document,
  before: Before,
): Promise<Outcome<undefined>> {
  const body = patchBetween(resourceOf(before.document, namespace), resourceOf(document, namespace))
  const type = 'application/merge-patch+json'
  return act(resourcePath(schema, namespace, name), { method: 'PATCH', body, type })
}

function nameIn(document: Document): string {
  const metadata: unknown = document['metadata']
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : ''
}

function resourcePath(schema: FormSchema, namespace: string, name?: string): string {
  const root = schema.apiVersion.startsWith('core/') ? '/api/' : '/api/enterprise/'
  const scope = schema.namespaced ? pathOf('namespaces/{}/', namespace) : ''
  const collection = `${root}${schema.apiVersion}/${scope}${schema.segment}`
  return name === undefined ? collection : collection + pathOf('/{}', name)
}

/** A resource, with its kind as files have it, as YAML. */
export function yamlOf(namespace: string, wrapped: unknown, signal?: AbortSignal): Promise<Outcome<string>> {
  const read = (answer: unknown) => textOf(recordOf(listOf(recordOf(answer)['documents'])[0])['yaml'])
  return ask(pathOf('/api/sensu/v1/namespaces/{}/drafts', namespace), read, { method: 'POST', body: wrapped, signal })
}
