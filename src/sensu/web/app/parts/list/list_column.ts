// A column of a list: what its head and its cells show, and how wide it is.
import type { Snippet } from 'svelte'

import type { ListField } from '../../rules/list_view.ts'

export interface ListColumn<Row> extends ListField<Row> {
  title: string
  /** A track of a CSS grid, such as `minmax(0, 2fr)` or `6rem`. */
  width?: string
  /** How wide the list must be for it, in px. */
  from?: number
  isNumber?: boolean
  /** Shown as code: commands. */
  isCode?: boolean
  /** What a cell shows instead of its words. */
  cell?: Snippet<[Row]>
}
