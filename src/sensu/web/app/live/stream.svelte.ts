// The live stream, one for all tabs: `stream.follow(['counts:default'], { tick, again })` until the returned function is called.
import { BASE } from '../rules/clusters.ts'
import type { StreamedEvent } from '../rules/event_stream.ts'
import { isRecord, jsonOf, numberOf, recordOf, textOf } from '../rules/outside.ts'
import { type Tick, changesIn, readTick } from '../rules/tick.ts'
import { clock } from './clock.svelte.ts'
import { Connection } from './connection.ts'
import { session } from './session.svelte.ts'
import { TabLeader } from './tab_leader.ts'
import { Ticks } from './ticks.ts'

/** What a follower gets. */
export interface Follower {
  /** What changed since the last tick. */
  tick(tick: Tick): void
  /** The stream cannot go on from where it was: read again what was read. */
  again(): void
  /** The revision at which the follower read, from which on it needs changes. */
  since?: () => number
  /** Gets ticks while the tab is hidden too, unmerged: for the title and the icon. */
  hidden?: boolean
}

/** The backend takes no longer ones; what has such a name is not followed. */
const LONGEST_TOPIC = 1000

type State = 'off' | 'connecting' | 'live' | 'lost'

class Stream {
  state = $state<State>('off')
  /** Since when nothing was heard, while the stream is lost. */
  lostAtS = $state<number | undefined>(undefined)
  /** Since when it is known that the stream is lost. */
  noticedAtS = $state(0)
  /** How many changes came after the stream was back, infinite if they cannot be counted; undefined: it was not lost. */
  changesAfterLoss = $state<number | undefined>(undefined)
  #followers = new Map<Follower, readonly string[]>()
  #ofOtherTabs: readonly string[] = []
  #heardAtS = 0
  #lastId = 0
  #tabs: TabLeader | undefined
  #planned = false
  readonly #connection = new Connection(
    {
      opened: () => this.#opened(),
      event: (event) => this.#pass(event),
      lost: (status) => this.#lost(status),
    },
    () => (this.#lastId === 0 ? '' : String(this.#lastId)),
  )
  readonly #ticks = new Ticks((tick) => this.#hand(tick))

  /** Joins the other tabs. */
  start(): void {
    const id = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) =>
      part.toString(36).padStart(7, '0'),
    ).join('')
    const events = {
      leads: (leading: boolean) => this.#leads(leading),
      followed: (topics: readonly string[]) => {
        this.#ofOtherTabs = topics
        this.#plan()
      },
      joined: () => this.#tabs?.pass({ state: this.state, heardAtS: this.#heardAtS }),
      heard: (what: unknown) => this.#heard(what),
    }
    this.#tabs = new TabLeader(id, new BroadcastChannel(`sensu.live${BASE}`), events, !document.hidden)
    document.addEventListener('visibilitychange', () => this.#tabs?.see(!document.hidden))
    addEventListener('pagehide', () => this.#tabs?.close())
    addEventListener('pageshow', (event) => {
      if (event.persisted) location.reload()
    })
    addEventListener('online', () => this.#connection.retry())
    addEventListener('offline', () => this.#lost(0))
  }

  /** Tries again at once: somebody signed in. */
  retry(): void {
    if (this.state !== 'live') this.#connection.retry()
  }

  /** Whether what is seen may be old and actions cannot be sent. */
  get lost(): boolean {
    return this.state === 'lost'
  }

  follow(topics: readonly string[], follower: Follower): () => void {
    this.#followers.set(follower, topics)
    const since = follower.since?.() ?? 0
    if (since > 0 && this.#lastId > since) this.#lastId = since
    this.#plan()
    return () => {
      this.#followers.delete(follower)
      this.#plan()
    }
  }

  /** Topics change in groups, as when a page is left for another: the connection follows once. */
  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    setTimeout(() => {
      this.#planned = false
      const topics = [...this.#followers.values()].flat().filter((topic) => topic.length <= LONGEST_TOPIC)
      const own = [...new Set(topics)].sort()
      if (this.#tabs?.leading === true) this.#connection.follow([...new Set([...own, ...this.#ofOtherTabs])].sort())
      else this.#tabs?.follow(own)
    }, 50)
  }

  #leads(leading: boolean): void {
    if (!leading) this.#connection.close()
    this.#ofOtherTabs = []
    this.#plan()
  }

  #opened(): void {
    const resumes = this.#lastId !== 0
    this.#say('live')
    if (!resumes) this.#readWhatWasMissed()
  }

  /** A stream that begins now knows nothing of what changed since the page was read. */
  #readWhatWasMissed(): void {
    const followers = [...this.#followers.keys()].filter((each) => each.since === undefined && each.hidden !== true)
    for (const follower of followers) follower.again()
  }

  #lost(status: number): void {
    if (status === 401) void session.read('')
    // A backend without this stream: pages work, they are not live.
    this.#say(status === 404 ? 'off' : 'lost')
  }

  #say(state: State): void {
    this.#enter(state)
    this.#tabs?.pass({ state, heardAtS: this.#heardAtS })
  }

  #enter(state: State): void {
    if (state === 'lost' && this.state !== 'lost') {
      this.noticedAtS = clock.exactS()
      this.lostAtS = this.#heardAtS || this.noticedAtS
    }
    if (state === 'live' && this.state === 'lost') this.#back()
    if (state === 'live') this.#heardAtS = clock.exactS()
    this.state = state
  }

  #back(): void {
    this.lostAtS = undefined
    this.changesAfterLoss = 0
    if (this.#lastId === 0) this.#again()
  }

  #pass(event: StreamedEvent): void {
    this.#tabs?.pass({ event })
    this.#take(event)
  }

  #heard(what: unknown): void {
    const { event, state, heardAtS } = recordOf(what)
    this.#heardAtS = numberOf(heardAtS, this.#heardAtS)
    if (state === 'live' || state === 'lost' || state === 'off') this.#enter(state)
    if (!isRecord(event)) return
    if (this.state !== 'live') this.#enter('live')
    this.#take({ event: textOf(event['event']), data: textOf(event['data']), id: textOf(event['id']) })
  }

  #take({ event, data, id }: StreamedEvent): void {
    this.#heardAtS = clock.exactS()
    if (event === 'expired') this.#expired()
    if (event === 'ended') void session.read('')
    this.#lastId = Number(id) || this.#lastId
    if (event !== 'tick') return
    const tick = readTick(jsonOf(data))
    for (const follower of this.#followers.keys()) if (follower.hidden === true) follower.tick(tick)
    this.#ticks.add(tick)
  }

  #expired(): void {
    if (this.changesAfterLoss !== undefined) this.changesAfterLoss = Infinity
    this.#again()
  }

  #hand(tick: Tick): void {
    if (this.changesAfterLoss !== undefined) this.changesAfterLoss += changesIn(tick)
    for (const follower of [...this.#followers.keys()]) if (follower.hidden !== true) follower.tick(tick)
  }

  #again(): void {
    this.#lastId = 0
    this.#ticks.forget()
    // Many browsers are told at the same moment: not all of them read in the same one.
    for (const follower of [...this.#followers.keys()]) setTimeout(() => follower.again(), Math.random() * 1000)
  }
}

export const stream = new Stream()
