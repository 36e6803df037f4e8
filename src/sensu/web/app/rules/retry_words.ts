// How often and when a handler is tried again, in words: "up to 6 more tries, after 10 s … 2 min, then mail".
import { numberOf, recordOf, textOf } from './outside.ts'
import { durationInWords } from './time_words.ts'
import { counted } from './words.ts'

const TRIES = 1
const PAUSE_S = 5
const LONGEST_S = 300

/** The retry policy of a handler; fields that are not set have the backend's defaults. */
export function retryInWords(handler: unknown): string {
  const spec = recordOf(handler)
  const tries = numberOf(spec['retry_attempts'], TRIES)
  const longestS = numberOf(spec['retry_delay_max']) || Math.max(LONGEST_S, numberOf(spec['retry_delay']))
  const firstS = numberOf(spec['retry_delay']) || Math.min(PAUSE_S, longestS)
  const fallback = textOf(spec['fallback_handler'])
  const end = fallback === '' ? 'then it is a dead letter' : `then ${fallback}`
  if (tries === 0) return `no further try, ${end}`
  const lastS = Math.min(longestS, firstS * 2 ** (tries - 1))
  const pauses = lastS > firstS ? `${durationInWords(firstS)} … ${durationInWords(lastS)}` : durationInWords(firstS)
  return `up to ${counted(tries, 'more try', 'more tries')}, after ${pauses}, ${end}`
}
