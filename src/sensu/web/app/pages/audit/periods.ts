// The periods that the audit log is looked at in.

/** By the word in the URL: what it is called, and how long it lasts (0: everything that is kept). */
export const PERIODS: ReadonlyMap<string, { words: string; lastsS: number }> = new Map([
  ['1h', { words: 'last hour', lastsS: 3600 }],
  ['24h', { words: 'last 24 hours', lastsS: 86_400 }],
  ['7d', { words: 'last 7 days', lastsS: 7 * 86_400 }],
  ['30d', { words: 'last 30 days', lastsS: 30 * 86_400 }],
  ['all', { words: 'all that is kept', lastsS: 0 }],
])
