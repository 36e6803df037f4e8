// What every input of a form gets.
import type { ResourceDraft } from '../../live/resource_draft.svelte.ts'
import type { Path } from '../../rules/document_paths.ts'
import type { FormField } from '../../rules/form_schema.ts'

export interface InputProps {
  field: FormField
  /** Where its value is in the document. */
  path: Path
  draft: ResourceDraft
  /** The element that says what is wrong, and the hint. */
  describedBy?: string | undefined
  /** The id that its label points to. */
  id: string
  wrong?: boolean
}
