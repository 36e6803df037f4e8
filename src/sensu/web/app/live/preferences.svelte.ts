// What somebody prefers: theme, density, keys, announcements, time zone, start page. Kept in this browser, and with the account where it is chosen.
import { jsonOf, recordOf, textOf } from '../rules/outside.ts'
import type { Outcome } from '../wire/outcomes.ts'
import { act } from '../wire/requests.ts'

export type Theme = 'system' | 'light' | 'dark' | 'contrast'
export type Density = 'automatic' | 'compact' | 'normal' | 'roomy'

const THEMES: readonly Theme[] = ['system', 'light', 'dark', 'contrast']
const DENSITIES: readonly Density[] = ['automatic', 'compact', 'normal', 'roomy']
const KEY = 'sensu.preferences'

class Preferences {
  #theme = $state<Theme | undefined>(undefined)
  /** The theme of somebody who chose none: a setting of the installation. */
  defaultTheme = $state<Theme>('system')
  density = $state<Density>('automatic')
  /** Whether single letters act (WCAG 2.1.4). */
  singleKeys = $state(true)
  /** Whether changes are announced to screen readers. */
  announcements = $state(true)
  /** Whether times are shown in UTC. */
  utc = $state(false)
  /** Whether the navigation shows icons only; undefined: by the width of the window. */
  navFolded = $state<boolean | undefined>(undefined)
  /** The namespace that was looked at last. */
  namespace = $state('')
  /** The page that opens after signing in: one of a namespace, or empty for all namespaces. */
  startPage = $state('')
  #saving = 0

  constructor() {
    this.take(jsonOf(read()))
  }

  get theme(): Theme {
    return this.#theme ?? this.defaultTheme
  }

  set theme(theme: Theme) {
    this.#theme = theme
  }

  /** Takes the installation's theme for those who chose none. */
  takeDefault(theme: unknown): void {
    this.defaultTheme = readTheme(theme) ?? 'system'
  }

  /** Takes what was kept, here or with the account; unknown values are ignored, and so is everything while a choice is being saved. */
  take(kept: unknown): void {
    if (this.#saving > 0) return
    const values = recordOf(kept)
    this.#theme = readTheme(values['theme']) ?? this.#theme
    this.density = DENSITIES.find((density) => density === values['density']) ?? this.density
    this.singleKeys = flag(values['singleKeys'], this.singleKeys)
    this.announcements = flag(values['announcements'], this.announcements)
    this.utc = flag(values['utc'], this.utc)
    if (typeof values['navFolded'] === 'boolean') this.navFolded = values['navFolded']
    this.startPage = textOf(values['startPage'], this.startPage)
    if (typeof values['namespace'] === 'string') this.namespace = values['namespace']
  }

  /** What is kept with the account: what was chosen, not what was looked at. */
  chosen(): Record<string, unknown> {
    const { density, singleKeys, announcements, utc, startPage } = this
    return {
      density,
      singleKeys,
      announcements,
      utc,
      startPage,
      ...(this.#theme === undefined ? {} : { theme: this.#theme }),
    }
  }

  /** Everything, as it is kept in this browser. */
  all(): Record<string, unknown> {
    const { navFolded, namespace } = this
    return { ...this.chosen(), namespace, ...(navFolded === undefined ? {} : { navFolded }) }
  }

  /** Keeps a choice, here and with the account; where that fails, it still holds in this browser. */
  async choose(): Promise<Outcome<undefined>> {
    this.keep()
    this.#saving += 1
    const outcome = await act('/api/sensu/v1/preferences', { method: 'PUT', body: this.chosen() })
    this.#saving -= 1
    return outcome
  }

  /** Keeps everything in this browser and dresses the page in it. */
  keep(): void {
    dress(this.theme, this.density)
    try {
      localStorage.setItem(KEY, JSON.stringify(this.all()))
    } catch {
      // A full or forbidden storage: the preferences hold until the page is left.
    }
  }
}

function flag(value: unknown, fallback: boolean): boolean {
  return typeof value === 'boolean' ? value : fallback
}

function readTheme(value: unknown): Theme | undefined {
  return THEMES.find((theme) => theme === value)
}

function read(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

function dress(theme: Theme, density: Density): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme
  if (density === 'automatic') delete root.dataset['density']
  else root.dataset['density'] = density
}

export const preferences = new Preferences()
