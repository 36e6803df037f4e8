// The documents that forms begin with.
import type { Document } from './document_paths.ts'
import { isRecord, recordOf } from './outside.ts'

const SPECS: Readonly<Record<string, Document>> = {
  checks: { command: '', interval: 60, timeout: 10, publish: true, subscriptions: [], handlers: [] },
  handlers: { type: 'pipe', command: '', timeout: 10 },
  filters: { action: 'allow', expressions: [] },
  mutators: { type: 'pipe', command: '' },
  hooks: { command: '', timeout: 60 },
  assets: { url: '', sha512: '' },
  pipelines: { workflows: [] },
  entities: { entity_class: 'proxy', subscriptions: [] },
  secrets: { provider: 'env', id: '' },
  FileProvider: { directory: '' },
  VaultProvider: { client: { address: '', version: 'v2', token: '' } },
  CyberArkProvider: { client: { appliance_url: '', account: '', login: '', api_key: '' } },
  AWSProvider: { client: { region: '', access_key: '', secret_key: '' } },
}

/** What a document is, besides its content. */
export interface DocumentKind {
  type: string
  apiVersion: string
  segment: string
}

/** The document of a new resource. */
export function newDocument(kind: DocumentKind, namespace: string): Document {
  return documentWith(kind, { name: '', ...placeIn(namespace) }, SPECS[kind.type] ?? SPECS[kind.segment] ?? {})
}

/** The document of a resource as the API returns it, in an envelope or without. */
export function documentOf(kind: DocumentKind, resource: unknown): Document {
  const body = recordOf(resource)
  if (isRecord(body['spec']) && 'api_version' in body) return body
  const spec = Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'metadata'))
  return documentWith(kind, recordOf(body['metadata']), spec)
}

/** The document of a copy: everything but the name and the author. */
export function copyOf(document: Document): Document {
  const metadata = Object.entries(recordOf(document['metadata'])).filter(([name]) => name !== 'created_by')
  return { ...document, metadata: { ...Object.fromEntries(metadata), name: '' } }
}

/** What is sent to save a document: the resource as the API takes it. */
export function resourceOf(document: Document, namespace: string): Document {
  const metadata = { ...placeIn(namespace), ...recordOf(document['metadata']) }
  const isWrapped = document['api_version'] !== undefined && document['api_version'] !== 'core/v2'
  if (isWrapped) return { ...document, metadata }
  return { ...recordOf(document['spec']), metadata }
}

/** The namespace in the metadata; a cluster-wide resource has none. */
function placeIn(namespace: string): Document {
  return namespace === '' ? {} : { namespace }
}

function documentWith(kind: DocumentKind, metadata: Document, spec: Document): Document {
  return { type: kind.type, api_version: kind.apiVersion, metadata, spec }
}
