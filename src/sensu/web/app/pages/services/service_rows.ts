// Reads the services of a namespace: its components, and the events of each service that they name.
import { type LoadList, wholeList } from '../../live/whole_list.ts'
import { type ServiceRow, namesOfServices, readComponent, readServiceEvents, serviceOf } from '../../rules/services.ts'
import { answered } from '../../wire/outcomes.ts'
import { ask, pathOf } from '../../wire/requests.ts'

/** The number of services whose events are read. */
export const MOST_SERVICES = 100

/** The services of a namespace; without the right to read events they have no status. */
export function serviceRows(namespace: string): LoadList<ServiceRow> {
  const path = pathOf('/api/enterprise/bsm/v1/namespaces/{}/service-components', namespace)
  const components = wholeList(path, readComponent)
  return async (selectors, signal) => {
    const found = await components(selectors, signal)
    if (found.kind !== 'answered') return found
    const names = namesOfServices(found.data.rows)
    const rows = await Promise.all(
      names.slice(0, MOST_SERVICES).map(async (name) => {
        const events = await ask(pathOf('/api/core/v2/namespaces/{}/events/{}', namespace, name), readServiceEvents, {
          signal,
        })
        return serviceOf(name, found.data.rows, events.kind === 'answered' ? events.data : [])
      }),
    )
    return answered({ rows, more: found.data.more || names.length > MOST_SERVICES })
  }
}
