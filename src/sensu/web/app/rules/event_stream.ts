// Reads the text of server-sent events in pieces as they come, without losing what lies across two pieces.

/** One event of the stream. `alive` has no data: it is a sign of life with the id to go on behind. */
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
  const fields = block.split(/\r?\n/).map((line) => {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    return { name, value }
  })
  const valuesOf = (name: string) => fields.filter((field) => field.name === name).map(({ value }) => value)
  const [data, id] = [valuesOf('data'), valuesOf('id').at(-1) ?? '']
  if (data.length === 0) return id === '' ? [] : [{ event: 'alive', data: '', id }]
  return [{ event: valuesOf('event').at(-1) ?? 'message', data: data.join('\n'), id }]
}
