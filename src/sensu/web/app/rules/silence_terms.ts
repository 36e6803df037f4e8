// A silence as the menus offer it: for how long, how much of what is failing it covers, and what is sent for it.

import { durationInWords } from './time_words.ts'

export const SCOPES = ['event', 'entity', 'check'] as const
export type Scope = (typeof SCOPES)[number]

/** How long a silence lasts: seconds, until the check passes, or until somebody ends it. */
export type Lasts = number | 'resolved'

export const DURATIONS: readonly { lasts: Lasts; words: string }[] = [
  { lasts: 900, words: '15 min' },
  { lasts: 3600, words: '1 h' },
  { lasts: 14_400, words: '4 h' },
  { lasts: 86_400, words: '1 day' },
  { lasts: 'resolved', words: 'until it passes' },
]

/** The event that somebody wants to silence. */
export interface SilenceTarget {
  namespace: string
  entity: string
  check: string
}

/** The silence as the API takes it. */
export function silenceOf(target: SilenceTarget, scope: Scope, lasts: Lasts, reason: string): Record<string, unknown> {
  const subscription = scope === 'check' ? '' : `entity:${target.entity}`
  const check = scope === 'entity' ? '' : target.check
  return {
    metadata: { name: silenceName(target, scope), namespace: target.namespace },
    ...(subscription === '' ? {} : { subscription }),
    ...(check === '' ? {} : { check }),
    expire: lasts === 'resolved' ? -1 : lasts,
    expire_on_resolve: lasts === 'resolved',
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  }
}

/** How many seconds there are until a date and time of the reader's zone, `2026-11-28T22:00`; undefined: it is none in the future. */
export function secondsUntil(moment: string, nowS: number): number | undefined {
  const seconds = Math.round(Date.parse(moment) / 1000 - nowS)
  return seconds > 0 ? seconds : undefined
}

/** Its name, which follows from what it covers. */
export function silenceName({ entity, check }: SilenceTarget, scope: Scope): string {
  if (scope === 'check') return `*:${check}`
  return scope === 'entity' ? `entity:${entity}:*` : `entity:${entity}:${check}`
}

/** What it covers, in words. */
export function scopeInWords({ entity, check }: SilenceTarget, scope: Scope): string {
  if (scope === 'check') return `${check} on every entity`
  return scope === 'entity' ? `every check of ${entity}` : `${entity}/${check}`
}

/** "Silenced web1/http for 1 h." */
export function silencedInWords(target: SilenceTarget, scope: Scope, lasts: Lasts): string {
  const words = DURATIONS.find((each) => each.lasts === lasts)?.words ?? durationInWords(Number(lasts))
  return `Silenced ${scopeInWords(target, scope)} ${lasts === 'resolved' ? '' : 'for '}${words}.`
}
