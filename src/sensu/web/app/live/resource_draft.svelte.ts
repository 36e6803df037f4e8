// A resource that is edited, as a form and as YAML at once: `draft.change(path, value)`, `draft.write(yaml)`, `draft.save()`.
import { type JudgedDraft, readDrafts } from '../rules/draft_answer.ts'
import { type Document, type Path, isWithin, pathText, valueAt, withValue } from '../rules/document_paths.ts'
import type { FormSchema } from '../rules/form_schema.ts'
import { patchBetween, patched } from '../rules/merging.ts'
import { documentOf } from '../rules/new_documents.ts'
import { recordOf, textOf } from '../rules/outside.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { ask, pathOf } from '../wire/requests.ts'
import { saveResource, stored } from '../wire/resources.ts'
import { forgetDraft, keepDraft, keptDraft } from './kept_drafts.ts'

/** What a draft begins with. */
export interface DraftStart {
  schema: FormSchema
  namespace: string
  /** The resource that is edited; empty: a new one. */
  name: string
  document: Document
  etag: string
  /** Under which the draft is kept until it is saved; empty: it is not kept. */
  path: string
}

/** Somebody else's change that saving would have overwritten. */
export interface Conflict {
  theirs: Document
  by: string
  etag: string
}

const JUDGE_AFTER_MS = 250

export class ResourceDraft {
  readonly start: DraftStart
  document = $state.raw<Document>({})
  text = $state('')
  judged = $state.raw<JudgedDraft | undefined>(undefined)
  /** Why the draft could not be judged. */
  failed = $state('')
  conflict = $state.raw<Conflict | undefined>(undefined)
  saving = $state(false)
  /** Why saving was refused. */
  refused = $state('')
  /** It was kept from before. */
  restored = $state(false)
  /** All problems are shown, not only those of fields that were changed. */
  showsAll = $state(false)
  #touched = $state.raw<ReadonlySet<string>>(new Set())
  #base: Document
  #etag: string
  #source: 'form' | 'text' = 'form'
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked: AbortController | undefined

  constructor(start: DraftStart) {
    this.start = start
    const kept = keptDraft(start.path)
    const from = kept ?? { document: start.document, text: '', base: start.document, etag: start.etag }
    this.restored = kept !== undefined
    this.#base = from.base
    this.#etag = from.etag
    this.document = from.document
    this.#source = from.text === '' ? 'form' : 'text'
    this.text = from.text
    void this.#judge()
  }

  get isNew(): boolean {
    return this.start.name === ''
  }

  get isChanged(): boolean {
    return this.#source === 'text' || JSON.stringify(this.document) !== JSON.stringify(this.#base)
  }

  value(path: Path): unknown {
    return valueAt(this.document, path)
  }

  /** Sets a field of the form; undefined takes it away. */
  change(path: Path, value: unknown): void {
    this.document = withValue(this.document, path, value)
    this.#touched = new Set([...this.#touched, pathText(path)])
    this.#changed('form')
  }

  /** Sets the text. */
  write(text: string): void {
    this.text = text
    this.#changed('text')
  }

  /** What is wrong with a field, as far as it is shown; with `exactly`, not what is within it. */
  problemOf(path: Path, exactly = false): string {
    const own = pathText(path)
    const seen = this.showsAll || this.#source === 'text' || [...this.#touched].some((each) => isWithin(each, own))
    if (!seen) return ''
    const found = this.judged?.problems.find(
      (problem) => problem.isError && (exactly ? problem.path === own : isWithin(problem.path, own)),
    )
    return found?.message ?? ''
  }

  /** Goes back to what is stored, or to an empty form. */
  discard(): void {
    forgetDraft(this.start.path)
    this.restored = false
    this.#take(this.start.document, this.start.etag)
  }

  /** Saves; true if it is stored. What stands in the way is in `refused` and `conflict`. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer)
    await this.#judge()
    this.showsAll = true
    if (this.judged?.valid !== true || this.saving) return false
    this.saving = true
    this.refused = ''
    const { schema, namespace, name } = this.start
    const before = { document: this.#base, etag: this.#etag }
    const outcome = await saveResource(schema, namespace, name, this.document, before)
    this.saving = false
    if (outcome.kind === 'answered') {
      forgetDraft(this.start.path)
      this.#base = this.document
      return true
    }
    await this.#explain(outcome)
    return false
  }

  /** Continues with what the other one saved. */
  takeTheirs(): void {
    if (this.conflict !== undefined) this.#take(this.conflict.theirs, this.conflict.etag)
  }

  /** Applies the own changes to what the other one saved. */
  mergeTheirs(): void {
    if (this.conflict === undefined) return
    const { theirs, etag } = this.conflict
    const mine = patchBetween(this.#base, this.document)
    this.#take(theirs, etag)
    this.document = patched(theirs, mine)
    this.#changed('form')
  }

  /** Lets the next save replace what the other one saved. */
  keepMine(): void {
    if (this.conflict === undefined) return
    this.#base = this.conflict.theirs
    this.#etag = this.conflict.etag
    this.conflict = undefined
    this.#changed(this.#source)
  }

  /** Ends what it asked for. */
  close(): void {
    clearTimeout(this.#timer)
    this.#asked?.abort()
  }

  #take(document: Document, etag: string): void {
    this.conflict = undefined
    this.refused = ''
    this.#base = document
    this.#etag = etag
    this.document = document
    this.#touched = new Set()
    this.#source = 'form'
    clearTimeout(this.#timer)
    void this.#judge()
  }

  #changed(source: 'form' | 'text'): void {
    this.#source = source
    this.refused = ''
    clearTimeout(this.#timer)
    // An answer about what was there before would replace what is being written.
    this.#asked?.abort()
    this.#timer = setTimeout(() => void this.#judge(), JUDGE_AFTER_MS)
    const text = source === 'text' ? this.text : ''
    keepDraft(this.start.path, { document: this.document, text, base: this.#base, etag: this.#etag })
  }

  async #judge(): Promise<void> {
    this.#asked?.abort()
    const asked = new AbortController()
    this.#asked = asked
    const source = this.#source
    const outcome = await (source === 'text' ? this.#ask(this.text, asked.signal) : this.#askForForm(asked.signal))
    if (asked.signal.aborted) return
    this.failed = outcome.kind === 'answered' ? '' : outcome.why
    if (outcome.kind === 'answered') this.#hear(outcome.data, source)
  }

  #hear(drafts: readonly JudgedDraft[], source: 'form' | 'text'): void {
    const [draft] = drafts
    if (draft === undefined) return
    const { type } = this.start.schema
    const another = textOf(draft.document['type']) !== type
    const wrong = drafts.length > 1 ? `a form edits one resource, not ${drafts.length}` : ''
    const why = wrong || (another && draft.problems.length === 0 ? `the type must be ${type}` : '')
    const problem = { path: 'type', line: 1, column: 1, message: why, isError: true }
    this.judged = why === '' ? draft : { ...draft, valid: false, problems: [problem, ...draft.problems] }
    if (source === 'form') this.text = draft.yaml
    else if (!another && why === '') this.document = draft.document
  }

  /** The places of problems are those in the text that is shown, which is known once the form is judged. */
  async #askForForm(signal: AbortSignal): Promise<Outcome<JudgedDraft[]>> {
    const outcome = await this.#ask(JSON.stringify(this.document), signal)
    const draft = outcome.kind === 'answered' ? outcome.data[0] : undefined
    return draft === undefined || draft.problems.length === 0 ? outcome : this.#ask(draft.yaml, signal)
  }

  #ask(text: string, signal: AbortSignal): Promise<Outcome<JudgedDraft[]>> {
    const { namespace, name } = this.start
    const query = name === '' ? '' : `?replace=${encodeURIComponent(name)}`
    const type = 'application/yaml'
    const scope = namespace === '' ? '' : pathOf('namespaces/{}/', namespace)
    return ask(`/api/sensu/v1/${scope}drafts${query}`, readDrafts, {
      method: 'POST',
      body: text,
      type,
      signal,
    })
  }

  async #explain(outcome: Exclude<Outcome<unknown>, { kind: 'answered' }>): Promise<void> {
    const { schema, namespace, name } = this.start
    const status = outcome.kind === 'refused' ? outcome.status : 0
    if (status !== 412 || this.isNew) {
      const exists = this.isNew && (status === 409 || status === 412)
      this.refused = exists ? `a ${schema.word} of this name exists already` : outcome.why
      return
    }
    const found = await stored(schema, namespace, name)
    if (found.kind !== 'answered') {
      this.refused = found.why
      return
    }
    const theirs = documentOf(schema, found.data)
    const by = textOf(recordOf(theirs['metadata'])['created_by'])
    this.conflict = { theirs, by, etag: found.etag }
  }
}
