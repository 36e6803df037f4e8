// What the navigation lists: the pages that exist and that the caller may see, by section, in the order of the routes.
import { ROUTES, type Route, type Section, pathTo } from './routes.ts'

/** One entry. */
export interface NavigationEntry {
  page: string
  title: string
  href: string
}

export const SECTIONS: readonly { section: Section; title: string }[] = [
  { section: 'main', title: '' },
  { section: 'handling', title: 'Handling' },
  { section: 'system', title: 'System' },
]

/** The entries of a section for a namespace. */
export function entriesOf(
  section: Section,
  namespace: string,
  pages: ReadonlySet<string>,
  may: (verb: string, resource: string) => boolean,
): NavigationEntry[] {
  const visible = ({ page, needs }: Route) => pages.has(page) && (needs === undefined || may(...needs))
  return ROUTES.filter((route) => route.section === section && visible(route)).map(({ page, title, pattern }) => ({
    page,
    title,
    href: pattern.includes(':') ? pathTo(page, { ns: namespace }) : pattern,
  }))
}

/** The page in the navigation that a page belongs to: the list for one of its resources. */
export function entryOf(page: string): string {
  const pattern = ROUTES.find((route) => route.page === page)?.pattern ?? ''
  const list = ROUTES.find(
    (route) =>
      route.section !== undefined && route.pattern !== '/n/:ns/' && `${pattern}/`.startsWith(`${route.pattern}/`),
  )
  return list?.page ?? page
}
