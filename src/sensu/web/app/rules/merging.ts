// Merge patches (RFC 7396): what turns one document into another, and applying it to a third.
import type { Document } from './document_paths.ts'
import { isRecord } from './outside.ts'

/** The patch that turns a document into another; lists are replaced whole, null takes a value away. */
export function patchBetween(before: Document, after: Document): Document {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changes = names.flatMap((name): [string, unknown][] => {
    const [old, now] = [own(before, name), own(after, name)]
    if (JSON.stringify(old) === JSON.stringify(now)) return []
    if (isRecord(old) && isRecord(now)) return [[name, patchBetween(old, now)]]
    return [[name, now ?? null]]
  })
  return Object.fromEntries(changes)
}

/** A document with a patch applied. */
export function patched(document: Document, patch: Document): Document {
  const kept = Object.entries(document).filter(([name]) => own(patch, name) !== null)
  const changed = Object.entries(patch).flatMap(([name, value]): [string, unknown][] => {
    if (value === null) return []
    const old = own(document, name)
    return [[name, isRecord(value) ? patched(isRecord(old) ? old : {}, value) : value]]
  })
  return Object.fromEntries([...kept, ...changed])
}

function own(document: Document, name: string): unknown {
  return Object.hasOwn(document, name) ? document[name] : undefined
}
