// Seconds as a number with a unit, for inputs: 300 is 5 min.
const UNITS: readonly [name: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
]

/** The units, the smallest first. */
export const UNIT_NAMES: readonly string[] = UNITS.map(([name]) => name).reverse()

/** The largest unit in which so many seconds are a whole number. */
export function unitFor(seconds: number): string {
  const found = UNITS.find(([, size]) => seconds !== 0 && seconds % size === 0)
  return found?.[0] ?? 's'
}

/** The seconds of a number of units. */
export function secondsOf(count: number, unit: string): number {
  return Math.round(count * sizeOf(unit))
}

/** The number of units in seconds. */
export function countIn(seconds: number, unit: string): number {
  return seconds / sizeOf(unit)
}

function sizeOf(unit: string): number {
  return UNITS.find(([name]) => name === unit)?.[1] ?? 1
}
