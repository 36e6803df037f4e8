// Secrets providers: their types, and what a list says of each.
import { recordOf, textOf } from './outside.ts'

/** The types that can be created, and what people call them. */
export const PROVIDER_TYPES: readonly (readonly [type: string, words: string])[] = [
  ['VaultProvider', 'Vault'],
  ['CyberArkProvider', 'CyberArk Conjur'],
  ['AWSProvider', 'AWS Secrets Manager'],
  ['FileProvider', 'Files of the backend'],
]
const ENV = 'Env'

export interface ProviderEntry {
  name: string
  type: string
  /** Its type in words. */
  what: string
  /** Where it has its values. */
  place: string
  author: string
}

/** A provider in an answer of the API. */
export function readProvider(answer: unknown): ProviderEntry {
  const { type, metadata, spec } = recordOf(answer)
  const { name, created_by } = recordOf(metadata)
  const { client, directory } = recordOf(spec)
  const { agent_address, address, appliance_url, region } = recordOf(client)
  const places = [agent_address, address, appliance_url, region, directory].map((each) => textOf(each))
  const kind = textOf(type)
  return {
    name: textOf(name),
    type: kind,
    what: wordsOf(kind),
    place: places.find((each) => each !== '') ?? (kind === ENV ? 'its variables' : 'credentials of systemd'),
    author: textOf(created_by),
  }
}

/** A type in words. */
export function wordsOf(type: string): string {
  if (type === ENV) return 'Environment of the backend'
  return PROVIDER_TYPES.find(([known]) => known === type)?.[1] ?? type
}

/** Whether a provider of the type has settings that a form can change. */
export function hasSettings(type: string): boolean {
  return PROVIDER_TYPES.some(([known]) => known === type)
}
