// What the search box and the list below it tell each other: a mistake that the server found, and a term to edit as text.
import { type SearchMistake, searchMistake } from '../rules/search_mistake.ts'
import type { Outcome } from '../wire/outcomes.ts'

class SearchState {
  /** The mistake in the text that was searched last. */
  mistake = $state.raw<SearchMistake | undefined>(undefined)
  /** The part of the text that somebody wants to edit. */
  editing = $state.raw<{ from: number; to: number } | undefined>(undefined)

  /** Takes what a search for a text came to. */
  take(q: string, outcome: Outcome<unknown>): void {
    this.mistake = outcome.kind === 'refused' && outcome.status === 400 ? searchMistake(q, outcome.why) : undefined
  }
}

export const searchState = new SearchState()
