// Sends requests with patience: reads time out and are tried again, writes never; a lost session is asked for again.

const READ_MS = 10_000
const WRITE_MS = 60_000
const TRIES = 3
const PAUSE_MS = 400
const BUSY = [502, 503, 504]

type AskToSignIn = () => Promise<boolean>

let askToSignIn: AskToSignIn = () => Promise.resolve(false)

/** Sets who asks to sign in when a request is answered with 401; the answer says whether somebody did. */
export function onSessionOver(ask: AskToSignIn): void {
  askToSignIn = ask
}

let written: () => void = () => undefined

/** Sets what is done when a write was answered. */
export function onWritten(act: () => void): void {
  written = act
}

/** As `fetch`. A read that is answered with 401 waits until somebody signed in; a write is left to the next click. */
export async function patientFetch(request: Request): Promise<Response> {
  if (!isRead(request)) {
    const response = await inTime(request, WRITE_MS)
    if (response.status === 401) void askToSignIn()
    written()
    return response
  }
  const response = await triedAgain(request)
  if (response.status !== 401) return response
  return (await askToSignIn()) ? triedAgain(request) : response
}

async function triedAgain(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await inTime(request, READ_MS)
      if (attempt === TRIES || !BUSY.includes(response.status)) return response
    } catch (error) {
      if (attempt === TRIES || request.signal.aborted) throw error
    }
    await pause(PAUSE_MS * attempt * (0.5 + Math.random()))
  }
}

async function inTime(request: Request, withinMs: number): Promise<Response> {
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(new DOMException(`no answer within ${withinMs / 1000} s`, 'TimeoutError')),
    withinMs,
  )
  try {
    return await fetch(request.clone(), {
      signal: AbortSignal.any([request.signal, late.signal]),
    })
  } finally {
    clearTimeout(timer)
  }
}

function isRead(request: Request): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
