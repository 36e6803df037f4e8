// Reads the text of server-sent events in pieces as they come, without losing what lies across two pieces.

/** One event of the stream. */
export interface StreamedEvent {
  event: string
  data: string
  id: string
}

/** What was read so far. */
export interface StreamReader {
  /** The events that a piece of text completes. */
  read(piece: string): StreamedEvent[]
}

/** A stream that never ends an event is given up before it fills the memory. */
const LONGEST_EVENT = 4_000_000

/** A reader at the start of a stream. */
export function streamReader(): StreamReader {
  let rest = ''
  return {
    read(piece) {
      rest += piece
      if (rest.length > LONGEST_EVENT) throw new Error('an event of the stream is too long')
      const blocks = rest.split(/\r\n\r\n|\n\n/)
      rest = blocks.pop() ?? ''
      return blocks.flatMap(eventOf)
    },
  }
}

function eventOf(block: string): StreamedEvent[] {
  const found: StreamedEvent = { event: 'message', data: '', id: '' }
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (name === 'event') found.event = value
    if (name === 'id') found.id = value
    if (name === 'data') data.push(value)
  }
  found.data = data.join('\n')
  return data.length === 0 ? [] : [found]
}
