// The web UI's configuration (GlobalConfig): the fields that the settings page edits, and the document with them changed.
import { isRecord, listOf, recordOf, textOf } from './outside.ts'
import { namesIn } from './role_rules.ts'

/** What the page edits. */
export interface SettingsDraft {
  signinMessage: string
  theme: string
  reasonOptional: boolean
  frameAncestors: string
}

/** The configuration that counts: of several the first by name; one with no fields if there is none. */
export interface KeptSettings {
  name: string
  document: Readonly<Record<string, unknown>>
  /** More configurations, which do not count. */
  others: readonly string[]
}

export const NEW_NAME = 'web-ui'

/** The configuration in an answer. */
export function readSettings(answer: unknown): KeptSettings {
  const documents = listOf(answer).filter(isRecord)
  const names = documents.map(nameOf)
  return { name: names[0] ?? NEW_NAME, document: documents[0] ?? {}, others: names.slice(1) }
}

function nameOf(document: Readonly<Record<string, unknown>>): string {
  return textOf(recordOf(document['metadata'])['name'])
}

/** What there is to edit. */
export function draftOf({ document }: KeptSettings): SettingsDraft {
  const spec = recordOf(document['spec'])
  return {
    signinMessage: textOf(spec['signin_message']),
    theme: textOf(recordOf(spec['default_preferences'])['theme']),
    reasonOptional: spec['silence_reason_optional'] === true,
    frameAncestors: listOf(spec['frame_ancestors']).join('\n'),
  }
}

/** The document to keep: what the page does not edit stays as it is. */
export function changedSettings({ name, document }: KeptSettings, draft: SettingsDraft): Record<string, unknown> {
  const spec = recordOf(document['spec'])
  return {
    type: 'GlobalConfig',
    api_version: 'web/v1',
    metadata: { ...recordOf(document['metadata']), name },
    spec: {
      ...spec,
      signin_message: draft.signinMessage,
      silence_reason_optional: draft.reasonOptional,
      frame_ancestors: namesIn(draft.frameAncestors),
      default_preferences: { ...recordOf(spec['default_preferences']), theme: draft.theme },
    },
  }
}
