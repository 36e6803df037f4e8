// What became of an event in a workflow, in words: "informed pager after 2 tries", "kept back by filter office-hours".

/** What the words are made of. */
export interface HandlingFacts {
  workflow: string
  handler: string
  outcome: string
  attempts: number
  filter: string
  why: string
}

/** How an outcome is marked: it arrived, it did not on purpose, it did not and should have, or it is not decided yet. */
export type OutcomeMark = 'done' | 'kept' | 'failed' | 'waiting'

export function markOf(outcome: string): OutcomeMark {
  const handedOn = ['given to the fallback handler', 'given to the next pipeline']
  if (['delivered', 'would be delivered', ...handedOn].includes(outcome)) return 'done'
  if (outcome === 'waiting') return 'waiting'
  return ['filtered', 'dropped', 'discarded'].includes(outcome) ? 'kept' : 'failed'
}

/** What became of it, without the name of the handler. */
export function outcomeInWords({ outcome, attempts, filter, why }: HandlingFacts): string {
  const tries = attempts > 1 ? ` after ${attempts} tries` : ''
  if (outcome === 'filtered') return filter === '' ? 'filtered' : `filtered by ${filter}`
  if (outcome === 'delivered') return `informed${tries}`
  return why === '' ? `${outcome}${tries}` : `${outcome}${tries}: ${why}`
}

/** The short name of a workflow: `core/v2.Pipeline(Name=incidents)/page` is "incidents/page". */
export function workflowName(workflow: string): string {
  return workflow.replace(/^\S+\(Name=([^)]*)\)/, '$1')
}
