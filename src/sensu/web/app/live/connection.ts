// One connection to the live stream, which comes back by itself: opened with topics and the last id, it tells what it hears.
import { requestPath } from '../rules/clusters.ts'
import { type StreamedEvent, streamReader } from '../rules/event_stream.ts'

/** What happens on the connection. */
export interface ConnectionEvents {
  opened(): void
  event(event: StreamedEvent): void
  /** It was lost and is tried again; the status of a refusal, or 0. */
  lost(status: number): void
}

const PATH = '/api/sensu/v1/live'
const PAUSES_MS = [500, 1000, 2000, 5000]
const SILENT_MS = 40_000
/** Refusals that trying again soon does not change. */
const REFUSED_PAUSE_MS = 15_000

export class Connection {
  readonly #events: ConnectionEvents
  #topics = ''
  #lastId: () => string
  #run: AbortController | undefined
  #failures = 0

  constructor(events: ConnectionEvents, lastId: () => string) {
    this.#events = events
    this.#lastId = lastId
  }

  /** Follows these topics from now on. */
  follow(topics: readonly string[]): void {
    const wanted = topics.join(',')
    if (wanted === this.#topics && this.#run !== undefined) return
    this.close()
    this.#topics = wanted
    if (wanted === '') return
    this.#failures = 0
    this.#run = new AbortController()
    void this.#keepOpen(this.#run.signal)
  }

  /** Tries again now: the network is back. */
  retry(): void {
    const topics = this.#topics.split(',')
    this.close()
    if (topics[0] !== '') this.follow(topics)
  }

  close(): void {
    this.#run?.abort()
    this.#run = undefined
    this.#topics = ''
  }

  async #keepOpen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const status = await this.#readOnce(signal)
      if (signal.aborted) return
      this.#events.lost(status)
      const pauseMs = status >= 400 && status < 500 ? REFUSED_PAUSE_MS : (PAUSES_MS[this.#failures] ?? 5000)
      this.#failures += 1
      await pause(pauseMs * (0.75 + Math.random() / 2), signal)
    }
  }

  /** Reads until the stream ends; the status of a refusal, or 0. */
  async #readOnce(signal: AbortSignal): Promise<number> {
    const silence = new AbortController()
    let timer = setTimeout(() => silence.abort(), SILENT_MS)
    try {
      const id = this.#lastId()
      const response = await fetch(
        `${requestPath(PATH)}?topics=${encodeURIComponent(this.#topics).replaceAll('%2C', ',')}`,
        {
          headers: { Accept: 'text/event-stream', ...(id === '' ? {} : { 'Last-Event-ID': id }) },
          signal: AbortSignal.any([signal, silence.signal]),
        },
      )
      if (!response.ok || response.body === null) return response.status
      this.#events.opened()
      const reader = streamReader()
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        this.#failures = 0
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), SILENT_MS)
        for (const event of reader.read(piece)) this.#events.event(event)
      }
      return 0
    } catch {
      return 0
    } finally {
      clearTimeout(timer)
    }
  }
}

function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, forMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
