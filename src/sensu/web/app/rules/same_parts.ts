// Keeps what did not change: `sameParts(before, now)` is `now`, made of the parts of `before` that are equal.
import { isRecord } from './outside.ts'

/** The new value, in which equal lists and records are those of the old value; the old value itself if all is equal. */
export function sameParts<T>(before: unknown, now: T): T
export function sameParts(before: unknown, now: unknown): unknown {
  if (Object.is(before, now)) return before
  if (Array.isArray(before) && Array.isArray(now)) {
    const parts = now.map((part, at) => sameParts(before[at], part))
    return parts.length === before.length && parts.every((part, at) => part === before[at]) ? before : parts
  }
  if (!isPlain(before) || !isPlain(now)) return now
  const parts = Object.entries(now).map(([name, part]) => [name, sameParts(before[name], part)] as const)
  const same =
    parts.length === Object.keys(before).length &&
    parts.every(([name, part]) => Object.hasOwn(before, name) && part === before[name])
  return same ? before : Object.fromEntries(parts)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype
}
