// Who is signed in, and what the shell must know at the start: `await session.start()`, `session.signIn(…)`, `session.signOut()`.
import { BASE } from '../rules/clusters.ts'
import { listOf, numberOf, recordOf, textOf } from '../rules/outside.ts'
import type { RightsRule } from '../rules/rights.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { onSessionOver } from '../wire/patience.ts'
import { act, ask } from '../wire/requests.ts'
import { clock } from './clock.svelte.ts'
import { toasts } from './toasts.svelte.ts'

/** What `GET /auth/session` answers. */
export interface SessionAnswer {
  signedIn: boolean
  username: string
  groups: string[]
  namespaces: string[]
  version: string
  initialised: boolean
  /** This browser can create the first administrator. */
  mayInitialise: boolean
  rights: { namespace: string; rules: RightsRule[] }
  signinMessage: string
  silenceReasonOptional: boolean
  /** The page of services is not in the navigation. */
  servicesHidden: boolean
  /** The identity providers at which users can sign in. */
  signOn: string[]
  preferences: unknown
  /** The installation's theme. */
  theme: unknown
  nowS: number
}

type State = 'starting' | 'signed_out' | 'signed_in' | 'unreachable'

const CHANNEL = 'sensu.session'

class Session {
  state = $state<State>('starting')
  /** The session ended while the page was open: the dialog asks to sign in again. */
  over = $state(false)
  username = $state('')
  groups = $state.raw<readonly string[]>([])
  namespaces = $state.raw<readonly string[]>([])
  version = $state('')
  initialised = $state(true)
  /** The database is empty, and this browser can create the first administrator. */
  mayInitialise = $state(false)
  signinMessage = $state('')
  /** The installation does not insist on reasons of silences. */
  silenceReasonOptional = $state(false)
  servicesHidden = $state(false)
  signOn = $state.raw<readonly string[]>([])
  /** Why the session cannot be read, where the state is unreachable. */
  why = $state('')
  #waiting: ((signedIn: boolean) => void)[] = []
  #channel: BroadcastChannel | undefined
  #onAnswer: ((answer: SessionAnswer) => void) | undefined

  /** Reads the session; `onAnswer` gets each answer, for rights and preferences. Other tabs are listened to. */
  async start(namespace: string, onAnswer: (answer: SessionAnswer) => void): Promise<void> {
    this.#onAnswer = onAnswer
    onSessionOver(() => this.askAgain())
    if ('BroadcastChannel' in globalThis) {
      this.#channel = new BroadcastChannel(CHANNEL)
      this.#channel.onmessage = ({ data }) => this.#hear(data)
    }
    await this.read(namespace)
    // A tab that came back from an identity provider tells those that wait for it.
    if (this.state === 'signed_in') this.#channel?.postMessage('opened')
  }

  /** Reads who is signed in, again. */
  async read(namespace: string): Promise<void> {
    const askedMs = Date.now()
    const query = namespace === '' ? '' : `?namespace=${encodeURIComponent(namespace)}`
    const outcome = await ask(`/auth/session${query}`, readSession)
    if (outcome.kind !== 'answered') {
      this.state = this.state === 'signed_in' ? this.state : 'unreachable'
      this.why = outcome.why
      return
    }
    const answer = outcome.data
    clock.set(answer.nowS, askedMs, Date.now())
    this.#take(answer)
  }

  /** Reads the namespaces of another cluster, whose pages this browser shows. */
  async readNamespaces(): Promise<void> {
    const read = (answer: unknown) => listOf(recordOf(answer)['namespaces']).map((name) => textOf(name))
    const outcome = await ask('/api/sensu/v1/access/me', read)
    if (outcome.kind === 'answered') this.namespaces = outcome.data
  }

  /** Signs in; a refusal is the server's. The other tabs go on too. */
  async signIn(username: string, password: string, namespace = ''): Promise<Outcome<undefined>> {
    const outcome = await act('/auth/session', { method: 'POST', body: { username, password } })
    if (outcome.kind === 'answered') {
      await this.read(namespace)
      this.#channel?.postMessage('signed in')
    }
    return outcome
  }

  /** Creates the first administrator of an empty database, and signs in. */
  async createFirst(username: string, password: string): Promise<Outcome<undefined>> {
    const created = await act('/auth/first-administrator', { method: 'POST', body: { username, password } })
    if (created.kind === 'answered') return this.signIn(username, password)
    if (created.kind === 'refused' && created.status === 409) await this.read('')
    return created
  }

  /** Signs out, here and in the other tabs. What is open is closed before, so that it asks for nothing afterwards. */
  async signOut(): Promise<void> {
    this.state = 'starting'
    const outcome = await act('/auth/session', { method: 'DELETE' })
    if (outcome.kind === 'unreachable') {
      this.state = 'signed_in'
      toasts.say(`You are still signed in: ${outcome.why}.`)
      return
    }
    this.#channel?.postMessage('signed out')
    this.#forget()
  }

  /** Opens the dialog; the promise says whether somebody signed in. */
  askAgain(): Promise<boolean> {
    if (this.state !== 'signed_in') return Promise.resolve(false)
    this.over = true
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Closes the dialog, after signing in or because somebody leaves. */
  answerWaiting(signedIn: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.over = false
    for (const resolve of waiting) resolve(signedIn)
  }

  #take(answer: SessionAnswer): void {
    this.initialised = answer.initialised
    this.mayInitialise = answer.mayInitialise
    this.signinMessage = answer.signinMessage
    this.silenceReasonOptional = answer.silenceReasonOptional
    this.servicesHidden = answer.servicesHidden
    this.signOn = answer.signOn
    if (!answer.signedIn) {
      this.#onAnswer?.(answer)
      if (this.state === 'signed_in') this.over = true
      else this.state = 'signed_out'
      return
    }
    const another = this.username !== '' && this.username !== answer.username
    this.username = answer.username
    this.groups = answer.groups
    if (BASE === '') this.namespaces = answer.namespaces
    this.version = answer.version
    this.state = 'signed_in'
    this.#onAnswer?.(answer)
    this.answerWaiting(true)
    // What is on the page was read with the rights of the former user.
    if (another) location.reload()
  }

  #forget(): void {
    this.answerWaiting(false)
    this.username = ''
    this.state = 'signed_out'
  }

  #hear(message: unknown): void {
    if (message === 'signed out') this.#forget()
    else if (message === 'signed in' || (message === 'opened' && this.#waits)) void this.read('')
  }

  get #waits(): boolean {
    return this.over || this.state === 'signed_out'
  }
}

function readSession(answer: unknown): SessionAnswer {
  const values = recordOf(answer)
  const rights = recordOf(values['rights'])
  const texts = (value: unknown) => listOf(value).map((item) => textOf(item))
  return {
    signedIn: values['signed_in'] === true,
    username: textOf(values['username']),
    groups: texts(values['groups']),
    namespaces: texts(values['namespaces']),
    version: textOf(values['version']),
    initialised: values['initialised'] !== false,
    mayInitialise: values['may_initialise'] === true,
    rights: { namespace: textOf(rights['namespace']), rules: readRules(rights['rules']) },
    signinMessage: textOf(recordOf(values['settings'])['signin_message']),
    silenceReasonOptional: recordOf(values['settings'])['silence_reason_optional'] === true,
    servicesHidden: recordOf(values['settings'])['disable_bsm'] === true,
    signOn: texts(recordOf(values['settings'])['sign_on']),
    preferences: values['preferences'],
    theme: recordOf(values['settings'])['theme'],
    nowS: numberOf(values['now'], Date.now() / 1000),
  }
}

/** The rules of an answer about rights. */
export function readRules(rules: unknown): RightsRule[] {
  const texts = (value: unknown) => listOf(value).map((item) => textOf(item))
  return listOf(rules).map((rule) => {
    const { verbs, resources, names } = recordOf(rule)
    return { verbs: texts(verbs), resources: texts(resources), names: texts(names) }
  })
}

export const session = new Session()
