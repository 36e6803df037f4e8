// Values of any type in a text field: numbers, truth values, lists and objects as JSON, everything else as text.

/** The value that a text means: `70` is a number, `true` a truth value, `["slack"]` a list, `"70"` and `slack` are texts. */
export function valueFromText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}

/** The text of a value, from which it can be read again. */
export function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? ''
  return valueFromText(value) === value ? value : JSON.stringify(value)
}
