// A list that is loaded as a whole: its words, its order, and rows that keep their places.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type ListField, arranged, keptRows, listOrder, orderAfterClick } from './list_view.ts'

interface Hook {
  name: string
  timeout: number
}

const FIELDS: readonly ListField<Hook>[] = [
  { name: 'name', text: (hook) => hook.name },
  { name: 'timeout', text: (hook) => `${hook.timeout} s`, sort: (hook) => hook.timeout },
]
const HOOKS: readonly Hook[] = [
  { name: 'ps10', timeout: 60 },
  { name: 'ps9', timeout: 5 },
  { name: 'Netstat', timeout: 60 },
]
const namesOf = (rows: readonly Hook[]) => rows.map(({ name }) => name)

test('a list is in the order of its first column, with numbers in names by their value', () => {
  assert.deepEqual(namesOf(arranged(HOOKS, FIELDS, listOrder('', FIELDS), '')), ['Netstat', 'ps9', 'ps10'])
})

test('a column is sorted by its value, from either end, and equal rows by name', () => {
  assert.deepEqual(namesOf(arranged(HOOKS, FIELDS, listOrder('timeout', FIELDS), '')), ['ps9', 'Netstat', 'ps10'])
  assert.deepEqual(namesOf(arranged(HOOKS, FIELDS, listOrder('-timeout', FIELDS), '')), ['Netstat', 'ps10', 'ps9'])
  assert.deepEqual(listOrder('-nothing', FIELDS), { name: 'name', descending: false })
})

test('every word must be in one of the cells, whatever its case', () => {
  assert.deepEqual(namesOf(arranged(HOOKS, FIELDS, listOrder('', FIELDS), 'PS 60')), ['ps10'])
})

test('a click sorts by a column, a second one turns the order', () => {
  assert.equal(orderAfterClick(listOrder('', FIELDS), 'timeout', FIELDS), 'timeout')
  assert.equal(orderAfterClick(listOrder('timeout', FIELDS), 'timeout', FIELDS), '-timeout')
  assert.equal(orderAfterClick(listOrder('', FIELDS), 'name', FIELDS), '-name')
  assert.equal(orderAfterClick(listOrder('-name', FIELDS), 'name', FIELDS), '')
})

test('rows keep their places while nothing may move: what went stays, what came waits', () => {
  const next = [{ name: 'ps9', timeout: 7 }, { name: 'a', timeout: 1 }, ...HOOKS.slice(0, 1)]
  const kept = keptRows(HOOKS, next, ({ name }) => name)
  assert.deepEqual(kept.rows, [HOOKS[0], { name: 'ps9', timeout: 7 }, HOOKS[2]])
  assert.deepEqual(kept.gone, new Set(['Netstat']))
  assert.equal(kept.waiting, 3)
})
