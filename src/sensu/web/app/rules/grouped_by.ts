// By what the events of a list are grouped, as the URL says it, as the API is asked, and in words.
const LABEL = 'label:'

/** What the API groups by for what the URL says: "check", "entity", "label:region"; undefined: nothing. */
export function groupedBy(group: string): string | undefined {
  if (group === 'check' || group === 'entity') return group
  const label = group.slice(LABEL.length)
  return group.startsWith(LABEL) && label !== '' ? `labels.${label}` : undefined
}

/** The same in words, for the menu: "check", "label region". */
export function groupedByInWords(group: string): string {
  return group.startsWith(LABEL) ? `label ${group.slice(LABEL.length)}` : group
}

/** What the URL says for a label. */
export function groupOfLabel(label: string): string {
  return LABEL + label
}
