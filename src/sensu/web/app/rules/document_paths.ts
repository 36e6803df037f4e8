// Values in a JSON document by their path: reading, and changing without touching the rest. `spec.subdues[0].begin` is a path.
import { isRecord } from './outside.ts'

/** The steps to a value: keys of objects and places in lists. */
export type Path = readonly (string | number)[]

/** A JSON document. */
export type Document = Readonly<Record<string, unknown>>

/** The value at a path, undefined where there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  let found = document
  for (const step of path) {
    if (typeof step === 'number') found = Array.isArray(found) ? found[step] : undefined
    else found = isRecord(found) && Object.hasOwn(found, step) ? found[step] : undefined
  }
  return found
}

/** The document with another value at a path; undefined takes the value away. What is missing on the way is made. */
export function withValue(document: Document, path: Path, value: unknown): Document {
  const changed = changedAt(document, path, value)
  return isRecord(changed) ? changed : document
}

function changedAt(found: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  const inner = changedAt(valueAt(found, [step]), rest, value)
  return typeof step === 'number' ? changedItem(found, step, inner) : changedField(found, step, inner)
}

function changedItem(found: unknown, place: number, item: unknown): unknown[] {
  const items: unknown[] = Array.isArray(found) ? [...found] : []
  if (item === undefined) items.splice(place, 1)
  else items[place] = item
  return items
}

function changedField(found: unknown, name: string, value: unknown): Document {
  const before = Object.entries(isRecord(found) ? found : {})
  if (value === undefined) return Object.fromEntries(before.filter(([each]) => each !== name))
  if (!before.some(([each]) => each === name)) return Object.fromEntries([...before, [name, value]])
  return Object.fromEntries(before.map(([each, old]) => [each, each === name ? value : old]))
}

/** A path as the API writes it. */
export function pathText(path: Path): string {
  return path.map((step, place) => (typeof step === 'number' ? `[${step}]` : place === 0 ? step : `.${step}`)).join('')
}

/** The steps of a path that the API wrote. */
export function stepsOf(text: string): Path {
  const steps = text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)
  return [...steps].map(([, quoted, place, name]) => (place === undefined ? (quoted ?? name ?? '') : Number(place)))
}

/** Whether what a problem is about lies at a path or within it. */
export function isWithin(problem: string, path: string): boolean {
  return problem === path || problem.startsWith(`${path}.`) || problem.startsWith(`${path}[`)
}
