// Where we are: `navigation.place`, `navigation.view`, `navigation.go(path)`, `navigation.see({ q: 'web' })`.
import { tick } from 'svelte'

import { BASE, baseOf } from '../rules/clusters.ts'
import { type Place, pathTo, placeOf } from '../rules/routes.ts'
import { type View, changedQuery, parameter, viewOfQuery, withParameter } from '../rules/view_of_url.ts'
import { preferences } from './preferences.svelte.ts'

type How = 'push' | 'replace'

class Navigation {
  path = $state('/')
  query = $state('')
  /** The page of the path; undefined: there is none. */
  place: Place | undefined = $derived(placeOf(this.path))
  /** What the query says about what is seen. */
  view: View = $derived(viewOfQuery(this.query))
  /** The namespace of the page, or the one looked at last. */
  namespace: string = $derived(this.place?.params['ns'] ?? preferences.namespace)
  #scrollOf = new Map<string, number>()
  #leaving: (() => boolean) | undefined

  /** Follows the address bar and links from now on. */
  start(): void {
    history.scrollRestoration = 'manual'
    this.#read()
    addEventListener('popstate', () => this.#arrive())
    addEventListener('click', (event) => this.#followLink(event))
  }

  /** Goes to a path with its query. */
  go(target: string, how: How = 'push'): void {
    const url = new URL(target, location.href)
    if (url.origin !== location.origin || this.#leaving?.() === false) return
    if (baseOf(url.pathname) !== BASE) return location.assign(url)
    const samePath = url.pathname === this.path
    this.#scrollOf.set(this.#key(), scrollY)
    if (how === 'replace') history.replaceState(history.state, '', url)
    else history.pushState({ id: newId() }, '', url)
    this.#read()
    if (!samePath) void tick().then(() => scrollTo(0, 0))
  }

  /** Goes to the page of a table row: `navigation.to('event', { ns, entity, check })`. */
  to(page: string, params: Readonly<Record<string, string>> = {}): void {
    this.go(pathTo(page, params))
  }

  /** Changes what is seen on this page. Typing replaces the entry of the history, a finished change pushes one. */
  see(changes: Partial<View>, how: How = 'push'): void {
    this.go(this.path + changedQuery(this.query, changes), how)
  }

  /** A parameter of the query that only one page knows. */
  parameter(name: string): string {
    return parameter(this.query, name)
  }

  /** Sets such a parameter, or takes it away by an empty value. */
  setParameter(name: string, value: string, how: How = 'push'): void {
    this.go(this.path + withParameter(this.query, name, value), how)
  }

  /** Asks before the page is left, for as long as a form has changes; the answer is how to stop asking. */
  guard(mayLeave: () => boolean): () => void {
    this.#leaving = mayLeave
    return () => {
      if (this.#leaving === mayLeave) this.#leaving = undefined
    }
  }

  #read(): void {
    this.path = location.pathname
    this.query = location.search
  }

  #arrive(): void {
    this.#read()
    const before = this.#scrollOf.get(this.#key()) ?? 0
    void tick().then(() => requestAnimationFrame(() => scrollTo(0, before)))
  }

  #key(): string {
    const state: unknown = history.state
    return typeof state === 'object' && state !== null && 'id' in state ? String(state.id) : 'first'
  }

  #followLink(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || !isPlainClick(event) || link.target !== '' || link.hasAttribute('download')) return
    const url = new URL(link.href, location.href)
    const within = url.pathname === location.pathname && url.hash !== ''
    if (url.origin !== location.origin || within || placeOf(url.pathname) === undefined) return
    event.preventDefault()
    this.go(url.pathname + url.search)
  }
}

/** Everything else (a new tab, a new window, a download) is the browser's. */
function isPlainClick(event: MouseEvent): boolean {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey
  return !event.defaultPrevented && event.button === 0 && !modified
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join('')
}

export const navigation = new Navigation()
