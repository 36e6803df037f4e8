// A silence while it is being written: from the query of a link, to what the API takes, and what is still wrong with it.
import { enteredAsSeconds } from './entered_time.ts'

export const WHO = ['entity', 'subscription', 'all'] as const
export const ENDS = ['after', 'at', 'resolved', 'never'] as const

/** The fields of the form as they are entered; times are those of `<input type="datetime-local">`. */
export interface SilenceDraft {
  who: (typeof WHO)[number]
  entity: string
  subscription: string
  check: string
  reason: string
  begins: 'now' | 'at'
  beginAt: string
  ends: (typeof ENDS)[number]
  lastsS: number
  endAt: string
  /** It ends earlier if the check passes again. */
  orResolved: boolean
}

const HOUR_S = 3600

/** For how long a silence may be offered to last. */
export const LASTS: readonly { seconds: number; words: string }[] = [
  { seconds: 900, words: '15 min' },
  { seconds: 3600, words: '1 h' },
  { seconds: 14_400, words: '4 h' },
  { seconds: 86_400, words: '1 day' },
  { seconds: 259_200, words: '3 days' },
  { seconds: 604_800, words: '1 week' },
]

/** The draft that a link describes: `?entity=web1&check=http&expire=3600&reason=…`; what it leaves out has a default. */
export function draftOfQuery(query: string): SilenceDraft {
  const params = new URLSearchParams(query)
  const text = (name: string) => params.get(name) ?? ''
  const [subscription, check] = [withoutAny(text('subscription')), withoutAny(text('check'))]
  const entity = text('entity') || entityIn(subscription)
  return {
    who: whoIn(entity, subscription, check),
    entity,
    subscription: entity === '' ? subscription : '',
    check,
    reason: text('reason'),
    begins: 'now',
    beginAt: '',
    ...endIn(Number.parseInt(text('expire'), 10), text('until') === 'resolved' || text('expire_on_resolve') === 'true'),
    endAt: '',
  }
}

const OF_ENTITY = 'entity:'

function withoutAny(text: string): string {
  return text === '*' ? '' : text
}

function entityIn(subscription: string): string {
  return subscription.startsWith(OF_ENTITY) ? subscription.slice(OF_ENTITY.length) : ''
}

function whoIn(entity: string, subscription: string, check: string): SilenceDraft['who'] {
  if (entity !== '') return 'entity'
  if (subscription !== '') return 'subscription'
  return check === '' ? 'entity' : 'all'
}

function endIn(expire: number, untilResolved: boolean): Pick<SilenceDraft, 'ends' | 'lastsS' | 'orResolved'> {
  if (expire > 0) return { ends: 'after', lastsS: expire, orResolved: untilResolved }
  const rest = { lastsS: HOUR_S, orResolved: false }
  if (untilResolved) return { ends: 'resolved', ...rest }
  return { ends: expire < 0 ? 'never' : 'after', ...rest }
}

/** The subscription of a draft; empty for any. */
export function subscriptionOf({ who, entity, subscription }: SilenceDraft): string {
  if (who === 'entity') return entity.trim() === '' ? '' : `${OF_ENTITY}${entity.trim()}`
  return who === 'subscription' ? subscription.trim() : ''
}

/** The name of the silence, which follows from what it applies to. */
export function nameOfDraft(draft: SilenceDraft): string {
  return `${subscriptionOf(draft) || '*'}:${draft.check.trim() || '*'}`
}

/** Whether it says what it applies to, so that it can be counted what that is. */
export function hasScope(draft: SilenceDraft): boolean {
  return scopeProblem(draft) === ''
}

/** The silence as the API takes it. */
export function silenceOfDraft(draft: SilenceDraft, namespace: string, utc: boolean): Record<string, unknown> {
  const { ends } = draft
  const end = ends === 'at' ? enteredAsSeconds(draft.endAt, utc) : undefined
  const texts = { subscription: subscriptionOf(draft), check: draft.check.trim(), reason: draft.reason.trim() }
  const begin = draft.begins === 'at' ? enteredAsSeconds(draft.beginAt, utc) : undefined
  return {
    metadata: { name: nameOfDraft(draft), namespace },
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(begin === undefined ? {} : { begin }),
    expire: ends === 'after' ? draft.lastsS : -1,
    ...(end === undefined ? {} : { expire_at: end }),
    expire_on_resolve: ends === 'resolved' || (ends !== 'never' && draft.orResolved),
  }
}

/** What is wrong with a draft, by field. */
export interface DraftProblem {
  field: 'scope' | 'reason' | 'begin' | 'end'
  text: string
}

/** What must be mended before a draft can be saved. */
export function problemsOf(draft: SilenceDraft, nowS: number, reasonOptional: boolean, utc = false): DraftProblem[] {
  const reason = !reasonOptional && draft.reason.trim() === ''
  const found: [DraftProblem['field'], string][] = [
    ['scope', scopeProblem(draft)],
    ['reason', reason ? 'Say why, for everybody who looks at the silence.' : ''],
    ...timeProblems(draft, nowS, utc),
  ]
  return found.filter(([, text]) => text !== '').map(([field, text]) => ({ field, text }))
}

function scopeProblem({ who, entity, subscription, check }: SilenceDraft): string {
  const named = { entity, subscription, all: check }[who]
  return named.trim() === '' ? `Name the ${who === 'all' ? 'check' : who}.` : ''
}

const NO_TIME = 'Give a day and a time.'

function timeProblems(draft: SilenceDraft, nowS: number, utc: boolean): [DraftProblem['field'], string][] {
  const begin = draft.begins === 'at' ? enteredAsSeconds(draft.beginAt, utc) : nowS
  const end = draft.ends === 'at' ? enteredAsSeconds(draft.endAt, utc) : Infinity
  const early = end !== undefined && end <= Math.max(begin ?? 0, nowS)
  return [
    ['begin', begin === undefined ? NO_TIME : ''],
    ['end', end === undefined ? NO_TIME : early ? 'The end must be later than the beginning, and than now.' : ''],
  ]
}
