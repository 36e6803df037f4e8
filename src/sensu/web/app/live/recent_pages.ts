// The pages of single resources that were opened last, for the palette; kept in this browser.
import { jsonOf, listOf, textOf } from '../rules/outside.ts'
import { recentTitle } from '../rules/palette.ts'

const KEY = 'sensu.recent'
const MOST = 8

/** The paths of the pages, the newest first. */
export function recentPaths(): string[] {
  try {
    const kept = listOf(jsonOf(localStorage.getItem(KEY) ?? '')).map((path) => textOf(path))
    return kept.filter((path) => recentTitle(path) !== undefined)
  } catch {
    return []
  }
}

/** Remembers a page, if it is one of a single resource. */
export function rememberPage(path: string): void {
  if (recentTitle(path) === undefined) return
  const paths = [path, ...recentPaths().filter((each) => each !== path)].slice(0, MOST)
  try {
    localStorage.setItem(KEY, JSON.stringify(paths))
  } catch {
    // A full or forbidden storage: the palette has no recent pages.
  }
}
