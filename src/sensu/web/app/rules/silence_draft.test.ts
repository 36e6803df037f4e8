// Silences as they are written: links, what is sent, what is missing.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { draftOfQuery, hasScope, nameOfDraft, problemsOf, silenceOfDraft } from './silence_draft.ts'

const NOON = Date.parse('2026-11-28T12:00Z') / 1000
const fields = (draft: ReturnType<typeof draftOfQuery>, optional = true) =>
  problemsOf(draft, NOON, optional, true).map(({ field }) => field)

test('a link fills in the whole form', () => {
  const draft = draftOfQuery('?entity=web1&check=http&expire=900&reason=new+disk')
  assert.deepEqual(silenceOfDraft(draft, 'default', true), {
    metadata: { name: 'entity:web1:http', namespace: 'default' },
    subscription: 'entity:web1',
    check: 'http',
    reason: 'new disk',
    expire: 900,
    expire_on_resolve: false,
  })
  assert.equal(draftOfQuery('?subscription=entity:web1').entity, 'web1')
  assert.equal(draftOfQuery('?subscription=linux').who, 'subscription')
  assert.equal(draftOfQuery('?check=http').who, 'all')
  assert.equal(draftOfQuery('?until=resolved').ends, 'resolved')
  assert.equal(draftOfQuery('?expire=-1').ends, 'never')
  assert.equal(draftOfQuery('').lastsS, 3600)
})

test('“until resolved”, “never” and a fixed end are different things', () => {
  const draft = draftOfQuery('?entity=web1')
  const sent = (changes: object) => silenceOfDraft({ ...draft, ...changes }, 'default', true)
  assert.deepEqual([sent({ ends: 'resolved' })['expire'], sent({ ends: 'resolved' })['expire_on_resolve']], [-1, true])
  assert.deepEqual([sent({ ends: 'never' })['expire'], sent({ ends: 'never' })['expire_on_resolve']], [-1, false])
  const both = sent({
    ends: 'at',
    endAt: '2026-11-28T13:00',
    orResolved: true,
    begins: 'at',
    beginAt: '2026-11-28T12:30',
  })
  assert.deepEqual([both['begin'], both['expire_at'], both['expire_on_resolve']], [NOON + 1800, NOON + 3600, true])
})

test('what is missing is named by field', () => {
  const draft = draftOfQuery('')
  assert.deepEqual(fields(draft, false), ['scope', 'reason'])
  assert.deepEqual(fields({ ...draft, who: 'all' }), ['scope'])
  assert.deepEqual(fields({ ...draft, who: 'subscription', subscription: ' ' }), ['scope'])
  assert.deepEqual(fields({ ...draft, entity: 'web1' }), [])
  assert.equal(hasScope({ ...draft, who: 'all', check: 'http', reason: '' }), true)
})

test('an end in the past or before the beginning is refused', () => {
  const draft = { ...draftOfQuery('?entity=web1'), ends: 'at' as const }
  assert.deepEqual(fields({ ...draft, endAt: '' }), ['end'])
  assert.deepEqual(fields({ ...draft, endAt: '2026-11-28T11:59' }), ['end'])
  assert.deepEqual(fields({ ...draft, endAt: '2026-11-28T12:01' }), [])
  const late = { ...draft, begins: 'at' as const, beginAt: '2026-11-29T12:00' }
  assert.deepEqual(fields({ ...late, endAt: '2026-11-28T13:00' }), ['end'])
  assert.deepEqual(fields({ ...late, beginAt: 'soon', endAt: '2026-11-28T13:00' }), ['begin'])
})

test('the name follows from what it applies to', () => {
  const draft = draftOfQuery('?entity=web1')
  assert.equal(nameOfDraft(draft), 'entity:web1:*')
  assert.equal(nameOfDraft({ ...draft, who: 'all', check: ' http ' }), '*:http')
  assert.equal(nameOfDraft({ ...draft, who: 'subscription', subscription: 'linux' }), 'linux:*')
})
