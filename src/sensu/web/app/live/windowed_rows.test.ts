// Tests of lists whose rows come and go: what is shown while somebody is at the list, and afterwards, in virtual time.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'

import { answered } from '../wire/outcomes.ts'
import type { RowsPart } from './rows_question.ts'
import { WindowedRows } from './windowed_rows.svelte.ts'

interface Incident {
  name: string
  status: number
}

let stored: Incident[] = []
let list = new WindowedRows<Incident>()
let requests = 0

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(performance, 'now', () => nowMs)
  nowMs = 10_000
  requests = 0
  stored = [incident('db1'), incident('db2'), incident('web1')]
  list = new WindowedRows<Incident>()
})
afterEach(() => {
  list.close()
  mock.timers.reset()
  mock.restoreAll()
})

let nowMs = 0

test('a row that left stays for five seconds and then goes', async () => {
  await show()
  resolve('db2')
  await pass(4900)
  assert.deepEqual(shown(), ['db1', '(db2)', 'web1'])
  await pass(200)
  assert.deepEqual(shown(), ['db1', 'web1'])
  assert.equal(list.matching, 2)
})

test('a row that left while somebody is at the list is dimmed in its place for as long, and is never shown as if it were there', async () => {
  await show()
  list.freeze(true)
  resolve('db2')
  await pass(20_000)
  assert.deepEqual(shown(), ['db1', '(db2)', 'web1'])
  list.freeze(false)
  await pass(1100)
  assert.deepEqual(shown(), ['db1', 'web1'])
})

test('a row that left before an answer that still has it stays dimmed until the next answer', async () => {
  await show()
  const old = [...stored]
  list.again()
  resolve('db2')
  const fresh = stored
  stored = old
  await settle()
  assert.deepEqual(shown(), ['db1', '(db2)', 'web1'])
  stored = fresh
  await pass(5100)
  assert.deepEqual(shown(), ['db1', 'web1'])
})

test('a change that arrives while the list is read is not lost in an answer that is older', async () => {
  await show()
  list.again()
  list.take({ changed: [{ name: 'db2', status: 1 }], gone: [], more: false })
  await settle()
  stored = stored.map((each) => (each.name === 'db2' ? { ...each, status: 1 } : each))
  await pass(1100)
  assert.equal(list.row(list.placeOf('db2'))?.status, 1)
})

test('a row that is back is shown as before', async () => {
  await show()
  list.freeze(true)
  resolve('db2')
  stored = [incident('db1'), incident('db2'), incident('web1')]
  list.take({ changed: [incident('db2')], gone: [], more: false })
  assert.deepEqual(shown(), ['db1', 'db2', 'web1'])
  await pass(20_000)
  assert.deepEqual(shown(), ['db1', 'db2', 'web1'])
})

test('a row that came back while the stream left changes out is shown as before once it was read', async () => {
  await show()
  list.take({ changed: [], gone: ['db2'], more: true })
  assert.deepEqual(shown(), ['db1', '(db2)', 'web1'])
  await pass(1100)
  assert.deepEqual(shown(), ['db1', 'db2', 'web1'])
})

test('where only names of changes are told, a row that an answer lacks is dimmed while somebody is at the list', async () => {
  await show()
  list.freeze(true)
  stored = stored.filter(({ name }) => name !== 'db1')
  list.touch()
  await pass(1100)
  assert.deepEqual(shown(), ['(db1)', 'db2', 'web1'])
  list.freeze(false)
  await pass(1100)
  assert.deepEqual(shown(), ['(db1)', 'db2', 'web1'])
  await pass(5000)
  assert.deepEqual(shown(), ['db2', 'web1'])
})

test('the only row goes, too', async () => {
  stored = [incident('web1')]
  await show()
  list.freeze(true)
  resolve('web1')
  await pass(6000)
  assert.deepEqual(shown(), ['(web1)'])
  list.freeze(false)
  await pass(1100)
  assert.deepEqual(shown(), [])
  assert.equal(list.total, 0)
})

function incident(name: string): Incident {
  return { name, status: 2 }
}

/** Shows what is stored. */
async function show(): Promise<void> {
  list.ask({
    name: 'incidents',
    load: ({ offset, limit }: RowsPart) => {
      requests += 1
      const rows = stored.slice(offset, offset + limit)
      return Promise.resolve(
        answered({ rows, total: stored.length, revision: requests, searched: 0, complete: true, next: '' }),
      )
    },
    keyOf: ({ name }) => name,
    fits: ({ status }) => status > 0,
    moves: () => false,
  })
  await settle()
  await pass(1000)
}

/** An incident is over: the backend stores that, and the stream tells it. */
function resolve(name: string): void {
  stored = stored.filter((each) => each.name !== name)
  list.take({ changed: [{ name, status: 0 }], gone: [], more: false })
}

/** The names that are shown; those in parentheses are dimmed. */
function shown(): string[] {
  return Array.from({ length: list.total }, (_, place) => {
    const row = list.row(place)
    if (row === undefined) return '?'
    return list.isLeaving(row) ? `(${row.name})` : row.name
  })
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    nowMs += 100
    mock.timers.tick(100)
    await settle()
  }
}

async function settle(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await Promise.resolve()
}
