// The routes of kinds that have a list, a page each, and a form.
/** Where a page is listed in the navigation. */
export type Section = 'main' | 'handling' | 'system'

/** One row of the table. `page` is the folder below pages/ that shows it. */
export interface Route {
  page: string
  pattern: string
  title: string
  /** The right without which the page is not shown: a verb and a resource. */
  needs?: readonly [verb: string, resource: string]
  /** Where the navigation lists it, if it does. */
  section?: Section
  /** The second key of `g …`. */
  key?: string
  /** What the search box of the page searches. */
  searches?: string
}

/** The kinds with a list, a page each, a form to create and a form to edit, and what they are called. */
const KINDS: readonly [
  segment: string,
  title: string,
  one: string,
  resource: string,
  section?: Section,
  key?: string,
][] = [
  ['pipelines', 'Pipelines', 'pipeline', 'pipelines', 'handling', 'p'],
  ['handlers', 'Handlers', 'handler', 'handlers', 'handling', 'h'],
  ['filters', 'Filters', 'filter', 'filters', 'handling'],
  ['mutators', 'Mutators', 'mutator', 'mutators', 'handling'],
  ['hooks', 'Hooks', 'hook', 'hooks', 'handling'],
  ['assets', 'Assets', 'asset', 'assets', 'handling'],
  ['secrets', 'Secrets', 'secret', 'secrets', 'handling'],
  ['service-components', 'Service components', 'service component', 'service-components'],
  ['fallback-pipelines', 'Fallback pipelines', 'fallback pipeline', 'fallback-pipelines'],
  ['tcp-stream-handlers', 'TCP stream handlers', 'TCP stream handler', 'tcp-stream-handlers'],
  ['sumo-logic-metrics-handlers', 'Sumo Logic handlers', 'Sumo Logic handler', 'sumo-logic-metrics-handlers'],
  ['rule-templates', 'Rule templates', 'rule template', 'rule-templates'],
]

/** The page of one resource: its kind in paths, without the s at the end. */
export function pageOf(segment: string): string {
  return segment.replaceAll('-', '_').slice(0, -1)
}

/** The routes of these kinds. */
export function kindRoutes(): Route[] {
  return KINDS.flatMap(([segment, title, one, resource, section, key]): Route[] => [
    {
      page: segment.replaceAll('-', '_'),
      pattern: `/n/:ns/${segment}`,
      title,
      needs: ['list', resource],
      searches: segment,
      ...(section === undefined ? {} : { section }),
      ...(key === undefined ? {} : { key }),
    },
    {
      page: `${pageOf(segment)}_form`,
      pattern: `/n/:ns/${segment}/new`,
      title: `New ${one}`,
      needs: ['create', resource],
    },
    {
      page: `${pageOf(segment)}_form`,
      pattern: `/n/:ns/${segment}/:name/edit`,
      title: `Edit ${one}`,
      needs: ['update', resource],
    },
    {
      page: pageOf(segment),
      pattern: `/n/:ns/${segment}/:name`,
      title,
      needs: ['get', resource],
    },
  ])
}
