// Tests of tab_leader.ts: tabs of one browser, joined by real BroadcastChannels.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'

import { TabLeader } from './tab_leader.ts'

interface Tab {
  leader: TabLeader
  heard: unknown[]
  followed: readonly string[]
  joined: number
}

let open: Tab[] = []
let channels = 0

function browser(): (id: string, visible?: boolean) => Tab {
  channels += 1
  const name = `tabs ${channels}`
  return (id, visible = true) => {
    const tab: Tab = { leader: undefined as unknown as TabLeader, heard: [], followed: [], joined: 0 }
    const events = {
      leads: () => undefined,
      joined: () => (tab.joined += 1),
      followed: (topics: readonly string[]) => {
        tab.followed = topics
      },
      heard: (what: unknown) => tab.heard.push(what),
    }
    tab.leader = new TabLeader(id, new BroadcastChannel(name), events, visible)
    open.push(tab)
    return tab
  }
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = Date.now() + 6000
  while (!holds() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(holds())
}

const leading = (tabs: Tab[]) => tabs.filter((tab) => tab.leader.leading)

afterEach(() => {
  for (const tab of open) tab.leader.close()
  open = []
})

test('of several tabs exactly one leads, and passes on what it hears', async () => {
  const tab = browser()
  const tabs = ['c', 'a', 'b'].map((id) => tab(id))
  await until(() => leading(tabs).length === 1)
  await until(() => {
    leading(tabs)[0]?.leader.pass('tick 7')
    return tabs.filter((each) => each.heard.includes('tick 7')).length === 2
  })
  assert.equal(leading(tabs).length, 1)
})

test('a tab that joins is noticed by the leader, so that it learns how the stream is', async () => {
  const tab = browser()
  const first = tab('a')
  await until(() => first.leader.leading)
  tab('b')
  await until(() => first.joined === 1)
})

test('the leader follows what the other tabs follow', async () => {
  const tab = browser()
  const [one, other] = [tab('a'), tab('b')]
  await until(() => leading([one, other]).length === 1)
  const [leader, follower] = one.leader.leading ? [one, other] : [other, one]
  follower.leader.follow(['counts:ops', 'events:ops'])
  await until(() => leader.followed.join() === 'counts:ops,events:ops')
})

test('when the leader is closed another one takes over within a moment, and hears what its followers follow', async () => {
  const tab = browser()
  const tabs = ['a', 'b', 'c'].map((id) => tab(id))
  await until(() => leading(tabs).length === 1)
  for (const each of tabs) each.leader.follow([`events:${tabs.indexOf(each)}`])
  const [former] = leading(tabs)
  assert.ok(former)
  const startedMs = Date.now()
  former.leader.close()
  const rest = tabs.filter((each) => each !== former)
  await until(() => leading(rest).length === 1)
  assert.ok(Date.now() - startedMs < 1500)
  await until(() => leading(rest)[0]?.followed.length === 1)
})

test('a tab that becomes visible takes over from a hidden one', async () => {
  const tab = browser()
  const [hidden, other] = [tab('a'), tab('b')]
  await until(() => leading([hidden, other]).length === 1)
  const [leader, follower] = hidden.leader.leading ? [hidden, other] : [other, hidden]
  follower.leader.see(false)
  leader.leader.see(false)
  await new Promise((resolve) => setTimeout(resolve, 50))
  follower.leader.see(true)
  await until(() => follower.leader.leading && !leader.leader.leading)
})
