// What somebody prefers in this browser: theme, density, keys, announcements, time zone. Kept in local storage.
import { jsonOf, recordOf } from '../rules/outside.ts'

export type Theme = 'system' | 'light' | 'dark' | 'contrast'
export type Density = 'automatic' | 'compact' | 'normal' | 'roomy'

const THEMES: readonly Theme[] = ['system', 'light', 'dark', 'contrast']
const DENSITIES: readonly Density[] = ['automatic', 'compact', 'normal', 'roomy']
const KEY = 'sensu.preferences'

class Preferences {
  theme = $state<Theme>('system')
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

  constructor() {
    this.take(jsonOf(read()))
  }

  /** Takes what was kept, here or on the server; unknown values are ignored. */
  take(kept: unknown): void {
    const values = recordOf(kept)
    this.theme = THEMES.find((theme) => theme === values['theme']) ?? this.theme
    this.density = DENSITIES.find((density) => density === values['density']) ?? this.density
    this.singleKeys = flag(values['singleKeys'], this.singleKeys)
    this.announcements = flag(values['announcements'], this.announcements)
    this.utc = flag(values['utc'], this.utc)
    if (typeof values['navFolded'] === 'boolean') this.navFolded = values['navFolded']
    if (typeof values['namespace'] === 'string') this.namespace = values['namespace']
  }

  /** Everything, as it is kept. */
  all(): Record<string, unknown> {
    const { theme, density, singleKeys, announcements, utc, navFolded, namespace } = this
    return {
      theme,
      density,
      singleKeys,
      announcements,
      utc,
      namespace,
      ...(navFolded === undefined ? {} : { navFolded }),
    }
  }

  /** Keeps everything and dresses the page in it. */
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
