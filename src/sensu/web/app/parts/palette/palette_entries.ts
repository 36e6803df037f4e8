// Everything the palette offers without asking the server: actions of the page, namespaces, pages, recent pages, settings.
import { navigation } from '../../live/navigation.svelte.ts'
import { type Theme, preferences } from '../../live/preferences.svelte.ts'
import { recentPaths } from '../../live/recent_pages.ts'
import { rights } from '../../live/rights.svelte.ts'
import { session } from '../../live/session.svelte.ts'
import { shortcuts } from '../../live/shortcuts.svelte.ts'
import { KEY_BINDINGS, shownKeys } from '../../rules/keys.ts'
import { SECTIONS, entriesOf } from '../../rules/navigation_entries.ts'
import { type PaletteEntry, recentTitle } from '../../rules/palette.ts'
import { inNamespace } from '../../rules/routes.ts'

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'Theme as the system'],
  ['light', 'Light theme'],
  ['dark', 'Dark theme'],
  ['contrast', 'High contrast theme'],
]
const NOT_HERE = ['palette', 'next', 'previous', 'open']

/** The entries for the page that is shown now. */
export function paletteEntries(pages: ReadonlySet<string>, mac: boolean): PaletteEntry[] {
  return [...actions(mac), ...places(pages, mac), ...recent(), ...namespaces(), ...settings()]
}

/** Does what an entry stands for, except going to a page. */
export function doAction(action: string): void {
  const theme = THEMES.find(([name]) => `theme:${name}` === action)?.[0]
  if (theme !== undefined) {
    preferences.theme = theme
    void preferences.choose()
  } else if (action === 'sign-out') void session.signOut()
  else shortcuts.do(action)
}

/** What the page can do comes before what every page can. */
function actions(mac: boolean): PaletteEntry[] {
  const here = KEY_BINDINGS.filter(
    ({ action, group }) => group !== 'Go to' && !NOT_HERE.includes(action) && shortcuts.handles(action),
  )
  const isOfPage = ({ group }: (typeof here)[number]) => group !== 'Everywhere'
  return [...here.filter(isOfPage), ...here.filter((each) => !isOfPage(each))].map(({ action, does }) => ({
    section: 'Here',
    shown: does.slice(0, 1).toUpperCase() + does.slice(1),
    hint: '',
    action,
    keys: shownKeys(action, mac),
  }))
}

function places(pages: ReadonlySet<string>, mac: boolean): PaletteEntry[] {
  const may = (verb: string, resource: string) => rights.may(verb, resource)
  return SECTIONS.flatMap(({ section }) => entriesOf(section, navigation.namespace, pages, may)).map(
    ({ page, title, href }) => ({
      section: 'Go to',
      shown: title,
      hint: 'page',
      href,
      keys: shownKeys(`go:${page}`, mac),
    }),
  )
}

function recent(): PaletteEntry[] {
  return recentPaths().flatMap((href) => {
    const title = href === navigation.path ? undefined : recentTitle(href)
    return title === undefined ? [] : [{ section: 'Recent', ...title, href }]
  })
}

function namespaces(): PaletteEntry[] {
  return session.namespaces
    .filter((name) => name !== navigation.namespace)
    .map((name) => ({
      section: 'Namespaces',
      shown: name,
      hint: 'namespace',
      href: inNamespace(navigation.place, name),
    }))
}

function settings(): PaletteEntry[] {
  const themes = THEMES.map(([name, shown]) => ({
    section: 'Settings' as const,
    shown,
    hint: '',
    action: `theme:${name}`,
  }))
  return [...themes, { section: 'Settings', shown: 'Sign out', hint: session.username, action: 'sign-out' }]
}
