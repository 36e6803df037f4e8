// Tests of which columns a list of events shows.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { shownColumns, toggledColumns } from './event_columns.ts'

const names = (cols: string[], widthPx: number) => shownColumns(cols, widthPx).map((column) => column.name)

test('a narrow list leaves out columns, unless somebody chose them', () => {
  assert.deepEqual(names([], 1040), ['entity', 'check', 'output', 'history', 'since', 'occurrences', 'handled'])
  assert.deepEqual(names([], 700), ['entity', 'check', 'output', 'since'])
  assert.deepEqual(names(['entity', 'handled', 'labels.region', 'nonsense'], 700), [
    'entity',
    'handled',
    'labels.region',
  ])
})

test('columns are switched on and off in a fixed order, and the default is not in the URL', () => {
  const without = toggledColumns([], 'history')
  assert.deepEqual(without, ['entity', 'check', 'output', 'since', 'occurrences', 'handled'])
  assert.deepEqual(toggledColumns(without, 'history'), [])
  assert.deepEqual(toggledColumns(['entity', 'labels.region'], 'check'), ['entity', 'check', 'labels.region'])
})
