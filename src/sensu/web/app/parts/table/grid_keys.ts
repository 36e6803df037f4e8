// Where the keys of a grid lead: arrows, Page Up and Down, Home and End.

/** The place that a key leads to from the cursor; undefined: the key does not move it. */
export function moveOf(
  event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean },
  cursor: number,
  page: number,
  total: number,
): number | undefined {
  if (event.altKey || event.metaKey) return undefined
  const places: Readonly<Record<string, number>> = {
    ArrowDown: cursor + 1,
    ArrowUp: cursor - 1,
    PageDown: cursor + page,
    PageUp: cursor - page,
    Home: 0,
    End: total - 1,
  }
  return Object.hasOwn(places, event.key) ? places[event.key] : undefined
}
