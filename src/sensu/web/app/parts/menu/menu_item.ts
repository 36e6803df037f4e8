// An entry of a menu.
/** One entry. `why` switches it off and says why; `href` makes it a link; `checked` marks the current choice. */
export interface MenuItem {
  does: string
  action?: () => void
  href?: string
  keys?: readonly string[]
  why?: string
  danger?: boolean
  checked?: boolean
  /** A line before it. */
  separated?: boolean
}
