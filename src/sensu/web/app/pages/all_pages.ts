// Every page that exists, loaded when it is shown: pages/NAME/page.svelte is the page NAME of rules/routes.ts. A new folder is enough.
import type { Component } from 'svelte'

import type { Place } from '../rules/routes.ts'

/** What a page gets: the names in its path are `place.params`. It is made anew for each path. */
export interface PageProps {
  place: Place
}

interface PageModule {
  default: Component<PageProps>
}

const LOADERS = import.meta.glob<PageModule>(['./*/page.svelte', '!./not_found/page.svelte', '!./sign_in/page.svelte'])

/** The names of the pages that exist. */
export const PAGES: ReadonlySet<string> = new Set(Object.keys(LOADERS).map((path) => path.split('/')[1] ?? ''))

/** Loads a page; undefined: it does not exist. */
export async function pageOf(name: string): Promise<Component<PageProps> | undefined> {
  const loaded = await LOADERS[`./${name}/page.svelte`]?.()
  return loaded?.default
}
