// Drafts that survive a reload, a lost session and a new version of the page: kept in the tab until they are saved or thrown away.
import type { Document } from '../rules/document_paths.ts'
import { isRecord, jsonOf, recordOf, textOf } from '../rules/outside.ts'

/** A draft as it is kept. */
export interface KeptDraft {
  document: Document
  /** The text, if that is where it was changed last. */
  text: string
  /** What the draft began with. */
  base: Document
  etag: string
}

const PREFIX = 'sensu.draft:'
const CHARACTERS_MAX = 1_000_000

/** The draft that is kept for a path. */
export function keptDraft(path: string): KeptDraft | undefined {
  const found = jsonOf(readItem(path))
  if (!isRecord(found) || !isRecord(found['document'])) return undefined
  return {
    document: found['document'],
    text: textOf(found['text']),
    base: recordOf(found['base']),
    etag: textOf(found['etag']),
  }
}

/** Keeps a draft; one without a path, that is too large, or that the browser has no room for, is not kept. */
export function keepDraft(path: string, draft: KeptDraft): void {
  if (path === '') return
  const text = JSON.stringify(draft)
  try {
    if (text.length <= CHARACTERS_MAX) sessionStorage.setItem(PREFIX + path, text)
  } catch {
    forgetDraft(path)
  }
}

/** Throws a kept draft away. */
export function forgetDraft(path: string): void {
  try {
    sessionStorage.removeItem(PREFIX + path)
  } catch {
    // The browser keeps nothing for this site.
  }
}

function readItem(path: string): string {
  try {
    return sessionStorage.getItem(PREFIX + path) ?? ''
  } catch {
    return ''
  }
}
