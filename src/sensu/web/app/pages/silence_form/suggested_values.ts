// Values of a field that exist and begin with what is typed, for completion: `suggestedValues(() => [ns, kind, field, typed]).names`.
import { loaded } from '../../live/loaded.svelte.ts'
import { listOf, recordOf, textOf } from '../../rules/outside.ts'
import { ask, pathOf } from '../../wire/requests.ts'

const MOST = 20

/** The values; none where they cannot be read, because completion is a help only. */
export function suggestedValues(
  wanted: () => readonly [namespace: string, of: string, field: string, prefix: string],
): {
  readonly names: readonly string[]
} {
  const values = loaded(() => {
    const [namespace, of, field, prefix] = wanted()
    const query = new URLSearchParams({ of, field, prefix, limit: String(MOST) })
    return {
      key: ['suggested values', namespace, query.toString()],
      load: (signal: AbortSignal) =>
        ask(`${pathOf('/api/sensu/v1/namespaces/{}/search/values', namespace)}?${query.toString()}`, readValues, {
          signal,
        }),
    }
  })
  return {
    get names() {
      return values.data ?? []
    },
  }
}

function readValues(answer: unknown): string[] {
  return listOf(recordOf(answer)['values'])
    .map((value) => textOf(recordOf(value)['value']))
    .filter((value) => !value.startsWith('entity:'))
}
