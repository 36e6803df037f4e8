// Tests of tab_leader.ts: tabs of one browser, joined by channels whose messages arrive when the test lets them, in virtual time.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'

import { type Channel, TabLeader } from './tab_leader.ts'

interface Tab {
  leader: TabLeader
  heard: unknown[]
  followed: readonly string[]
  joined: number
  /** How often it began or ceased to lead. */
  turns: number
  channel: Channel
}

const STEP_MS = 20
let open: Tab[] = []
let underWay: (() => void)[] = []

/** A channel as BroadcastChannel is one: what a tab posts arrives later at all others that are open, in order. */
class Joined implements Channel {
  onmessage: ((event: MessageEvent) => void) | null = null
  readonly #others: Set<Joined>

  constructor(others: Set<Joined>) {
    this.#others = others.add(this)
  }

  postMessage(message: unknown): void {
    if (!this.#others.has(this)) return
    const event = { data: structuredClone(message) } as MessageEvent
    for (const other of this.#others) if (other !== this) underWay.push(() => other.onmessage?.(event))
  }

  close(): void {
    this.#others.delete(this)
  }
}

function browser(): (id: string, visible?: boolean, channel?: Channel) => Tab {
  const all = new Set<Joined>()
  return (id, visible = true, channel = new Joined(all)) => {
    const tab: Tab = {
      leader: undefined as unknown as TabLeader,
      heard: [],
      followed: [],
      joined: 0,
      turns: 0,
      channel,
    }
    const events = {
      leads: () => (tab.turns += 1),
      joined: () => (tab.joined += 1),
      followed: (topics: readonly string[]) => {
        tab.followed = topics
      },
      heard: (what: unknown) => tab.heard.push(what),
    }
    tab.leader = new TabLeader(id, channel, events, visible)
    open.push(tab)
    return tab
  }
}

/** What was said arrives, and what is said in answer, too. */
function arrive(): void {
  while (underWay.length > 0) underWay.shift()?.()
}

/** Some time passes; its timers may run before what was said meanwhile arrives, as after a pause. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    mock.timers.tick(STEP_MS)
    arrive()
  }
}

const leading = (tabs: Tab[]) => tabs.filter((tab) => tab.leader.leading)

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
})

afterEach(() => {
  for (const tab of open) tab.leader.close()
  open = []
  underWay = []
  mock.reset()
})

test('of several tabs exactly one leads, and passes on what it hears', () => {
  const tab = browser()
  const tabs = ['c', 'a', 'b'].map((id) => tab(id))
  pass(200)
  assert.equal(leading(tabs).length, 1)
  leading(tabs)[0]?.leader.pass('tick 7')
  arrive()
  assert.equal(tabs.filter((each) => each.heard.includes('tick 7')).length, 2)
})

test('of tabs that begin to lead at the same time the first one leads on, and the next one as soon as it is closed', () => {
  for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
    const tab = browser()
    const tabs = ['a', 'b', 'c'].map((id) => {
      mock.method(Math, 'random', () => order.indexOf(id) / 10)
      return tab(id)
    })
    arrive()
    mock.timers.tick(200)
    assert.equal(leading(tabs).length, 3)
    arrive()
    assert.deepEqual(leading(tabs), [tabs[0]])
    tabs[0]?.leader.close()
    pass(300)
    assert.equal(leading(tabs.slice(1)).length, 1, order)
  }
})

test('after a pause of the computer the same tab leads, though nobody heard it for long', () => {
  const tab = browser()
  const tabs = ['a', 'b', 'c'].map((id) => tab(id))
  pass(200)
  const [leader] = leading(tabs)
  const turns = tabs.map((each) => each.turns)
  const now = Date.now
  let pausedMs = 0
  mock.method(Date, 'now', () => now() + pausedMs)
  for (const pauseMs of [3000, 60_000, 3_600_000]) {
    pausedMs += pauseMs
    pass(4000)
    assert.deepEqual(leading(tabs), [leader])
  }
  assert.deepEqual(
    tabs.map((each) => each.turns),
    turns,
  )
})

test('when the leader is gone without a word another tab takes over, also one that is hidden', () => {
  for (const [visible, withinMs] of [
    [true, 4000],
    [false, 140_000],
  ] as const) {
    const tab = browser()
    const tabs = ['a', 'b'].map((id) => tab(id, visible))
    pass(200)
    const [former] = leading(tabs)
    former?.channel.close()
    pass(withinMs)
    assert.deepEqual(leading(tabs), tabs)
  }
})

test('a tab that joins is noticed by the leader, so that it learns how the stream is', () => {
  const tab = browser()
  const first = tab('a')
  pass(200)
  tab('b')
  arrive()
  assert.equal(first.joined, 1)
})

test('the leader follows what the other tabs follow', () => {
  const tab = browser()
  const tabs = ['a', 'b'].map((id) => tab(id))
  pass(200)
  const [leader] = leading(tabs)
  const [follower] = tabs.filter((each) => each !== leader)
  follower?.leader.follow(['counts:ops', 'events:ops'])
  arrive()
  assert.deepEqual(leader?.followed, ['counts:ops', 'events:ops'])
})

test('when the leader is closed another one takes over within a moment, and hears what its followers follow', () => {
  const tab = browser()
  const tabs = ['a', 'b', 'c'].map((id) => tab(id))
  pass(200)
  for (const each of tabs) each.leader.follow([`events:${tabs.indexOf(each)}`])
  const [former] = leading(tabs)
  assert.ok(former)
  former.leader.close()
  const rest = tabs.filter((each) => each !== former)
  pass(300)
  assert.equal(leading(rest).length, 1)
  assert.equal(leading(rest)[0]?.followed.length, 1)
})

test('a tab that becomes visible takes over from a hidden one', () => {
  const tab = browser()
  const tabs = ['a', 'b'].map((id) => tab(id))
  pass(200)
  const [leader] = leading(tabs)
  const [follower] = tabs.filter((each) => each !== leader)
  follower?.leader.see(false)
  leader?.leader.see(false)
  arrive()
  follower?.leader.see(true)
  arrive()
  assert.deepEqual(leading(tabs), [follower])
})

test('a real BroadcastChannel joins tabs', async () => {
  mock.reset()
  const tab = browser()
  const tabs = ['a', 'b'].map((id) => tab(id, true, new BroadcastChannel('tabs')))
  const endMs = Date.now() + 20_000
  const hears = () => tabs.some((each) => each.heard.includes('tick 7'))
  while (!hears() && Date.now() < endMs) {
    leading(tabs)[0]?.leader.pass('tick 7')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.ok(hears())
})
