// What the API says of a draft: `readDrafts(answer)`.
import type { Document } from './document_paths.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'

/** A rule that a document breaks. */
export interface DraftProblem {
  path: string
  line: number
  column: number
  message: string
  isError: boolean
}

/** What a check would do. */
export interface CheckEffect {
  agents: number
  /** Null: not known in advance. */
  runsPerS: number | null
  runsPerSBefore: number | null
  schedule: string
  nextS: readonly number[]
  handlers: readonly string[]
}

/** A field that saving would change. */
export interface DraftChange {
  path: string
  before: unknown
  after: unknown
}

/** What is known of a draft. */
export interface JudgedDraft {
  name: string
  valid: boolean
  action: string
  problems: readonly DraftProblem[]
  warnings: readonly { path: string; message: string }[]
  changes: readonly DraftChange[]
  effect: CheckEffect | undefined
  etag: string
  yaml: string
  document: Document
}

/** The documents of an answer. */
export function readDrafts(answer: unknown): JudgedDraft[] {
  return listOf(recordOf(answer)['documents']).map(readDraft)
}

function readDraft(answer: unknown): JudgedDraft {
  const draft = recordOf(answer)
  return {
    name: textOf(draft['name']),
    valid: draft['valid'] === true,
    action: textOf(draft['action']),
    problems: listOf(draft['problems']).map(readProblem),
    warnings: listOf(draft['warnings']).map((warning) => {
      const { path, message } = recordOf(warning)
      return { path: textOf(path), message: textOf(message) }
    }),
    changes: listOf(draft['changes']).map((change) => {
      const { path, before, after } = recordOf(change)
      return { path: textOf(path), before, after }
    }),
    effect: draft['effect'] === null ? undefined : readEffect(recordOf(draft['effect'])),
    etag: textOf(draft['etag']),
    yaml: textOf(draft['yaml']),
    document: recordOf(draft['document']),
  }
}

function readProblem(answer: unknown): DraftProblem {
  const { path, line, column, message, severity } = recordOf(answer)
  return {
    path: textOf(path),
    line: numberOf(line, 1),
    column: numberOf(column, 1),
    message: textOf(message),
    isError: severity === 'error',
  }
}

function readEffect(effect: Readonly<Record<string, unknown>>): CheckEffect {
  const rate = (value: unknown) => (typeof value === 'number' ? value : null)
  return {
    agents: numberOf(effect['agents']),
    runsPerS: rate(effect['runs_per_s']),
    runsPerSBefore: rate(effect['runs_per_s_before']),
    schedule: textOf(effect['schedule']),
    nextS: listOf(effect['next']).map((at) => numberOf(at)),
    handlers: listOf(effect['handlers']).map((name) => textOf(name)),
  }
}
