// The rows of a list of resources that handle events: what each does, who uses it, and how it went in the last hour.
import { type LoadList, wholeList } from '../../live/whole_list.ts'
import { type FlowSums, readFlow, sumsOf } from '../../rules/flow.ts'
import { type HandlingKind, placeOfKind, summaryOf, withoutEnvelope } from '../../rules/handling_kinds.ts'
import { recordOf, textOf } from '../../rules/outside.ts'
import { type Uses, readUses } from '../../rules/uses.ts'
import { answered } from '../../wire/outcomes.ts'
import { ask, pathOf } from '../../wire/requests.ts'

export interface KindRow {
  name: string
  /** False: others refer to it, but it does not exist. */
  exists: boolean
  summary: string
  uses: Uses | undefined
  flow: FlowSums | undefined
}

/** Whether a list of the kind has numbers of the last hour. */
export function hasFlow(kind: HandlingKind): boolean {
  return kind === 'pipelines' || kind === 'handlers'
}

/** Whether other resources can refer to those of the kind. */
export function hasUsers(kind: HandlingKind): boolean {
  return kind !== 'service-components'
}

/** Reads the rows of a kind in a namespace. What the caller may not read is left out. */
export function kindRows(kind: HandlingKind, namespace: string): LoadList<KindRow> {
  const resources = wholeList(pathOf(placeOfKind(kind).path, namespace), (resource) => ({
    name: textOf(recordOf(recordOf(resource)['metadata'])['name']),
    summary: summaryOf(kind, withoutEnvelope(resource)),
  }))
  return async (selectors, signal) => {
    const [found, uses, flow] = await Promise.all([
      resources(selectors, signal),
      ask(pathOf(`/api/sensu/v1/namespaces/{}/uses?of=${kind}`, namespace), readUses, { signal }),
      hasFlow(kind) ? ask(pathOf('/api/sensu/v1/namespaces/{}/flow', namespace), readFlow, { signal }) : undefined,
    ])
    if (found.kind !== 'answered') return found
    const users = uses.kind === 'answered' ? uses.data : undefined
    const flows = flow?.kind === 'answered' ? flow.data : undefined
    const ofThis = (name: string) =>
      flows?.filter((each) => (kind === 'pipelines' ? each.pipeline : each.handler) === name)
    const rows = found.data.rows.map(({ name, summary }): KindRow => {
      const own = ofThis(name)
      return { name, exists: true, summary, uses: users?.get(name), flow: own && sumsOf(own) }
    })
    return answered({ rows: selectors.size > 0 ? rows : [...rows, ...missing(users)], more: found.data.more })
  }
}

function missing(users: ReadonlyMap<string, Uses> | undefined): KindRow[] {
  const named = [...(users?.values() ?? [])].filter(({ exists }) => !exists)
  return named.map((uses) => ({ name: uses.name, exists: false, summary: 'does not exist', uses, flow: undefined }))
}
