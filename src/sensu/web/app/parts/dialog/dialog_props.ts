// What a dialog is made of.
import type { Snippet } from 'svelte'

export interface DialogProps {
  title: string
  open: boolean
  children: Snippet
  footer?: Snippet
  /** A sentence under the title. */
  description?: string
  /** Cannot be closed by Esc or a click beside it. */
  stays?: boolean
  wide?: boolean
  onclose?: () => void
}
