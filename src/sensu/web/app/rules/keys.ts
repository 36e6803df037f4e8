// Which action a pressed key stands for: single keys, sequences such as `g o`, and combinations with Ctrl or Cmd.

/** What the decision needs to know of a keyboard event. */
export interface PressedKey {
  key: string
  ctrl: boolean
  meta: boolean
  alt: boolean
  shift: boolean
  /** The focus is in something that takes text. */
  inField: boolean
}

/** One row of the table of keys. */
export interface KeyBinding {
  action: string
  keys: string
  does: string
  group: 'Everywhere' | 'In lists' | 'On events and checks' | 'Go to'
}

/** Every key of the web UI, as the help shows it. `Mod` is Ctrl, or Cmd on a Mac. */
export const KEY_BINDINGS: readonly KeyBinding[] = [
  {
    action: 'palette',
    keys: 'Mod+k',
    does: 'command palette',
    group: 'Everywhere',
  },
  {
    action: 'search',
    keys: '/',
    does: 'go to the search',
    group: 'Everywhere',
  },
  { action: 'help', keys: '?', does: 'show these keys', group: 'Everywhere' },
  {
    action: 'preferences',
    keys: 'Mod+,',
    does: 'preferences',
    group: 'Everywhere',
  },
  { action: 'cluster', keys: 'Mod+.', does: 'cluster', group: 'Everywhere' },
  {
    action: 'copy_link',
    keys: 'c',
    does: 'copy the link',
    group: 'Everywhere',
  },
  {
    action: 'copy_yaml',
    keys: 'Shift+c',
    does: 'copy as YAML',
    group: 'Everywhere',
  },
  {
    action: 'actions',
    keys: '.',
    does: 'actions of what is focused',
    group: 'Everywhere',
  },
  { action: 'next', keys: 'j', does: 'next row', group: 'In lists' },
  { action: 'previous', keys: 'k', does: 'previous row', group: 'In lists' },
  { action: 'open', keys: 'o', does: 'open the row', group: 'In lists' },
  { action: 'select', keys: 'x', does: 'select the row', group: 'In lists' },
  {
    action: 'select_all',
    keys: 'a',
    does: 'select all that match',
    group: 'In lists',
  },
  { action: 'peek', keys: 'Space', does: 'peek at the row', group: 'In lists' },
  {
    action: 'next_of_list',
    keys: ']',
    does: 'next of the list that this page was opened from',
    group: 'In lists',
  },
  {
    action: 'previous_of_list',
    keys: '[',
    does: 'previous of that list',
    group: 'In lists',
  },
  {
    action: 'silence',
    keys: 's',
    does: 'silence',
    group: 'On events and checks',
  },
  {
    action: 'unsilence',
    keys: 'u',
    does: 'clear silences',
    group: 'On events and checks',
  },
  {
    action: 'resolve',
    keys: 'r',
    does: 'resolve',
    group: 'On events and checks',
  },
  {
    action: 'run',
    keys: 't',
    does: 'run the check again',
    group: 'On events and checks',
  },
  {
    action: 'why',
    keys: 'y',
    does: 'why it was, or was not, handled',
    group: 'On events and checks',
  },
  { action: 'edit', keys: 'e', does: 'edit', group: 'On events and checks' },
  { action: 'go:overview', keys: 'g o', does: 'overview', group: 'Go to' },
  { action: 'go:events', keys: 'g v', does: 'events', group: 'Go to' },
  { action: 'go:entities', keys: 'g e', does: 'entities', group: 'Go to' },
  { action: 'go:checks', keys: 'g c', does: 'checks', group: 'Go to' },
  { action: 'go:silences', keys: 'g s', does: 'silences', group: 'Go to' },
  { action: 'go:pipelines', keys: 'g p', does: 'pipelines', group: 'Go to' },
  { action: 'go:handlers', keys: 'g h', does: 'handlers', group: 'Go to' },
  { action: 'go:deliveries', keys: 'g d', does: 'deliveries', group: 'Go to' },
  {
    action: 'namespaces',
    keys: 'g n',
    does: 'choose a namespace',
    group: 'Go to',
  },
]

/** The keys pressed so far of a sequence, and when the last one was. */
export interface KeyState {
  pending: string
  atMs: number
}

/** A state that waits for nothing. */
export const NO_KEYS: KeyState = { pending: '', atMs: 0 }
const SEQUENCE_WITHIN_MS = 1500

/** What a key press means: an action or none, and the state for the next one. */
export function pressed(
  state: KeyState,
  key: PressedKey,
  nowMs: number,
  singleKeys: boolean,
): { action?: string; state: KeyState } {
  const name = nameOf(key)
  const modified = key.ctrl || key.meta
  if (!modified && (key.inField || !singleKeys || key.alt)) return { state: NO_KEYS }
  const before = nowMs - state.atMs <= SEQUENCE_WITHIN_MS ? state.pending : ''
  const keys = before === '' ? name : `${before} ${name}`
  const found = KEY_BINDINGS.find((binding) => binding.keys === keys)
  if (found !== undefined) return { action: found.action, state: NO_KEYS }
  const begins = KEY_BINDINGS.some((binding) => binding.keys.startsWith(`${name} `))
  return { state: begins ? { pending: name, atMs: nowMs } : NO_KEYS }
}

function nameOf({ key, ctrl, meta, shift }: PressedKey): string {
  if (ctrl || meta) return `Mod+${key.toLowerCase()}`
  if (key === ' ') return 'Space'
  return shift && /^[A-Z]$/.test(key) ? `Shift+${key.toLowerCase()}` : key
}

/** The keys of an action as the page shows them: ["Ctrl", "K"] or ["G", "O"]; none for an action without a key. */
export function shownKeys(action: string, mac: boolean): string[] {
  const keys = KEY_BINDINGS.find((binding) => binding.action === action)?.keys ?? ''
  return keys.split(/[+ ]/).flatMap((part) => {
    if (part === '') return []
    if (part === 'Mod') return [mac ? '⌘' : 'Ctrl']
    return part.length === 1 ? [part.toUpperCase()] : [part]
  })
}
