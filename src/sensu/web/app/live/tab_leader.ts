// Agrees with the other tabs of this browser which one holds the stream: a visible one before a hidden one, then the smaller id.

/** What the tabs say to each other. */
type Message =
  | { say: 'lead'; from: string; visible: boolean }
  | { say: 'bye'; from: string }
  | { say: 'follow'; from: string; topics: readonly string[] }
  | { say: 'pass'; from: string; what: unknown }

/** What a tab needs of a BroadcastChannel. */
export interface Channel {
  postMessage(message: unknown): void
  onmessage: ((event: MessageEvent) => void) | null
  close(): void
}

/** What the tab is told. */
export interface TabEvents {
  /** This tab leads from now on, or does no longer. */
  leads(leading: boolean): void
  /** Another tab joined the one that leads, and knows nothing yet. */
  joined(): void
  /** The topics that the other tabs follow changed. */
  followed(topics: readonly string[]): void
  /** The leader passed something on. */
  heard(what: unknown): void
}

const BEAT_MS = 500
/** A leader that hears of a new tab answers at once; a tab that hears nothing for so long is alone. */
const ANSWER_MS = 100
const SILENT_MS = 2500
/** Browsers slow down the timers of hidden tabs to one a minute. */
const SILENT_HIDDEN_MS = 130_000
const SAY_AGAIN_MS = 45_000
const FOLLOWER_MS = 150_000

/** One tab among those of this browser. */
export class TabLeader {
  readonly #id: string
  readonly #channel: Channel
  readonly #events: TabEvents
  readonly #timer: ReturnType<typeof setInterval>
  readonly #followers = new Map<string, { topics: readonly string[]; atMs: number }>()
  #topics: readonly string[] = []
  #visible = true
  #leading = false
  #closed = false
  #heardMs = Date.now()
  #beatMs = Date.now()
  #saidMs = Date.now()
  #leader = { id: '', visible: false }
  #told = ''

  constructor(id: string, channel: Channel, events: TabEvents, visible: boolean) {
    this.#id = id
    this.#channel = channel
    this.#events = events
    this.#visible = visible
    channel.onmessage = ({ data }) => this.#hear(data)
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
    this.#say({ say: 'follow', from: id, topics: [] })
    setTimeout(() => this.#leadIfNobodyDoes(), ANSWER_MS + Math.random() * 50)
  }

  get leading(): boolean {
    return this.#leading
  }

  /** Says what this tab follows. */
  follow(topics: readonly string[]): void {
    this.#topics = topics
    this.#saidMs = Date.now()
    this.#say({ say: 'follow', from: this.#id, topics })
  }

  /** A tab that becomes visible takes over from a hidden one. */
  see(visible: boolean): void {
    this.#visible = visible
    if (visible && !this.#leading && !this.#leader.visible) this.#lead()
    else if (this.#leading) this.#say({ say: 'lead', from: this.#id, visible })
  }

  /** Passes something on to the other tabs. */
  pass(what: unknown): void {
    if (this.#leading) this.#say({ say: 'pass', from: this.#id, what })
  }

  /** Says goodbye, so that another tab leads at once. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#say({ say: 'bye', from: this.#id })
    this.#channel.onmessage = null
    // A channel that closes at once may drop the goodbye.
    setTimeout(() => this.#channel.close(), 50)
  }

  #beat(): void {
    const nowMs = Date.now()
    const silentMs = this.#visible ? SILENT_MS : SILENT_HIDDEN_MS
    // After a pause of this page or of the computer, what the leader said meanwhile is heard only after this beat.
    const paused = nowMs - this.#beatMs > silentMs / 2
    this.#beatMs = nowMs
    if (this.#leading) this.#say({ say: 'lead', from: this.#id, visible: this.#visible })
    else if (!paused && nowMs - this.#heardMs > silentMs) this.#lead()
    else if (nowMs - this.#saidMs > SAY_AGAIN_MS) this.follow(this.#topics)
    this.#tellFollowed()
  }

  #leadIfNobodyDoes(): void {
    if (!this.#closed && !this.#leading && this.#leader.id === '') this.#lead()
  }

  #lead(): void {
    this.#leading = true
    this.#say({ say: 'lead', from: this.#id, visible: this.#visible })
    this.#events.leads(true)
  }

  #yield(): void {
    this.#leading = false
    this.#followers.clear()
    this.#told = ''
    this.#events.leads(false)
  }

  #hear(data: unknown): void {
    if (!isMessage(data) || data.from === this.#id) return
    if (data.say === 'lead') this.#hearLeader(data.from, data.visible)
    else if (data.say === 'bye') this.#hearGoodbye(data.from)
    else if (data.say === 'follow') this.#hearFollower(data.from, data.topics)
    else if (!this.#leading) this.#events.heard(data.what)
  }

  #hearLeader(id: string, visible: boolean): void {
    if (this.#comesFirst({ id, visible })) return
    if (this.#leading) this.#yield()
    const another = this.#leader.id !== id
    this.#leader = { id, visible }
    this.#heardMs = Date.now()
    if (another) this.#say({ say: 'follow', from: this.#id, topics: this.#topics })
    if (!visible && this.#visible) this.#lead()
  }

  /** Whether this tab, or the leader that it heard lately, comes before another tab that begins to lead. */
  #comesFirst(other: { id: string; visible: boolean }): boolean {
    if (this.#leading) return !before(other, { id: this.#id, visible: this.#visible })
    const { id, visible } = this.#leader
    const isHeard = Date.now() - this.#heardMs <= (visible ? SILENT_MS : SILENT_HIDDEN_MS)
    return id !== '' && id !== other.id && isHeard && before(this.#leader, other)
  }

  #hearFollower(id: string, topics: readonly string[]): void {
    const isNew = !this.#followers.has(id)
    this.#followers.set(id, { topics, atMs: Date.now() })
    if (this.#leading && isNew) {
      this.#say({ say: 'lead', from: this.#id, visible: this.#visible })
      this.#events.joined()
    }
    this.#tellFollowed()
  }

  #hearGoodbye(id: string): void {
    this.#followers.delete(id)
    if (id === this.#leader.id && !this.#leading) {
      this.#leader = { id: '', visible: false }
      // Of several tabs one is first; those that come later hear it and do not lead. Visible ones are before hidden ones.
      setTimeout(() => this.#leadIfNobodyDoes(), (this.#visible ? 0 : 500) + Math.random() * 200)
    }
    this.#tellFollowed()
  }

  #tellFollowed(): void {
    if (!this.#leading) return
    for (const [id, { atMs }] of this.#followers) if (Date.now() - atMs > FOLLOWER_MS) this.#followers.delete(id)
    const topics = [...new Set([...this.#followers.values()].flatMap((follower) => follower.topics))].sort()
    const told = topics.join(' ')
    if (told === this.#told) return
    this.#told = told
    this.#events.followed(topics)
  }

  #say(message: Message): void {
    this.#channel.postMessage(message)
  }
}

function before(one: { id: string; visible: boolean }, other: { id: string; visible: boolean }): boolean {
  return one.visible === other.visible ? one.id < other.id : one.visible
}

function isMessage(data: unknown): data is Message {
  return typeof data === 'object' && data !== null && 'say' in data && 'from' in data
}
