// Days and times as `<input type="datetime-local">` has them, in the browser's zone or in UTC, and as seconds.

/** The seconds of what was entered; undefined where it is no day and time. */
export function enteredAsSeconds(text: string, utc: boolean): number | undefined {
  const ms = Date.parse(utc ? `${text}Z` : text)
  return text === '' || Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/** What an input shows for these seconds, to the minute. */
export function secondsAsEntered(atS: number, utc: boolean): string {
  const at = new Date(atS * 1000)
  const shiftMs = utc ? 0 : at.getTimezoneOffset() * 60_000
  return new Date(at.getTime() - shiftMs).toISOString().slice(0, 16)
}
