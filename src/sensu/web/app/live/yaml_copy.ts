// Copies a resource as YAML, as sensuctl writes it: `await copyYaml('default', kind, resource)`.
import { type DocumentKind, documentOf } from '../rules/new_documents.ts'
import { yamlOf } from '../wire/resources.ts'
import { copyText } from './clipboard.ts'
import { toasts } from './toasts.svelte.ts'

/** Copies a resource, as the API gave it, as YAML. */
export async function copyYaml(namespace: string, kind: DocumentKind, resource: unknown): Promise<void> {
  const outcome = await yamlOf(namespace, documentOf(kind, resource))
  if (outcome.kind === 'answered') await copyText(outcome.data, 'The YAML is copied.', 'open its YAML instead')
  else toasts.say(`The YAML could not be made: ${outcome.why}`)
}
