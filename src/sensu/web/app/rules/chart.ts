// The geometry of line charts: scales, lines with gaps, and the values at a moment. Charts are drawn by parts/chart/.

/** A value at a moment, with the least and greatest one that it stands for. */
export interface ChartPoint {
  at: number
  value: number
  least: number
  greatest: number
}

export interface ChartSeries {
  name: string
  /** The oldest first. */
  points: readonly ChartPoint[]
}

export interface Span {
  from: number
  to: number
}

/** A drawing area with a scale on either side, sizes in pixels. */
export interface Plot {
  span: Span
  bottom: number
  top: number
  width: number
  height: number
}

/** The values between which a chart is drawn, and those that are written beside it. */
export interface Scale {
  bottom: number
  top: number
  ticks: readonly number[]
}

/** Below this share of the greatest value a change would not be seen from zero. */
const SEEN_SHARE = 0.1

/** A scale with round values that all series fit into; from zero, unless the values differ too little for that. */
export function scaleOf(series: readonly ChartSeries[], most = 4): Scale {
  const points = series.flatMap((each) => each.points)
  const least = Math.min(...points.map((point) => point.least))
  const greatest = Math.max(...points.map((point) => point.greatest))
  if (!Number.isFinite(least) || !Number.isFinite(greatest)) return { bottom: 0, top: 1, ticks: [0, 1] }
  const fromZero = greatest === least || greatest - least >= SEEN_SHARE * Math.max(Math.abs(greatest), Math.abs(least))
  const [low, high] = fromZero ? [Math.min(0, least), Math.max(0, greatest)] : [least, greatest]
  const step = roundStep((high - low || 1) / most)
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => withoutDust((first + index) * step))
  return { bottom: ticks[0] ?? 0, top: ticks.at(-1) ?? 1, ticks }
}

/** The least of 1, 2 and 5 times a power of ten that is not smaller. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10
  return factor * power
}

/** Without the dust of binary fractions. */
function withoutDust(value: number): number {
  return Number(value.toPrecision(12))
}

/** Where a moment and a value are, in pixels. */
export function placeOf(at: number, value: number, { span, bottom, top, width, height }: Plot): [number, number] {
  const x = ((at - span.from) / (span.to - span.from || 1)) * width
  const y = height - ((value - bottom) / (top - bottom || 1)) * height
  return [tenth(x), tenth(y)]
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

/** The line of a series as the path of an SVG; it is broken where results are missing, and a lone one is a dot. */
export function linePath(points: readonly ChartPoint[], plot: Plot): string {
  return runsOf(points)
    .map((run) => {
      const line = run.map(({ at, value }) => placeOf(at, value, plot).join(' ')).join('L')
      return run.length === 1 ? `M${line}h0` : `M${line}`
    })
    .join('')
}

/** The area between the least and greatest values of a series. */
export function areaPath(points: readonly ChartPoint[], plot: Plot): string {
  return runsOf(points)
    .filter((run) => run.some(({ least, greatest }) => least !== greatest))
    .map((run) => {
      const upper = run.map(({ at, greatest }) => placeOf(at, greatest, plot).join(' '))
      const lower = run.toReversed().map(({ at, least }) => placeOf(at, least, plot).join(' '))
      return `M${[...upper, ...lower].join('L')}Z`
    })
    .join('')
}

/** So many times the usual distance of two points is a gap. */
const GAP_FACTOR = 3

/** The points without gaps between them. */
export function runsOf(points: readonly ChartPoint[]): ChartPoint[][] {
  const distances = points.slice(1).map((point, index) => point.at - (points[index]?.at ?? point.at))
  const usual = distances.toSorted((one, other) => one - other)[Math.floor(distances.length / 2)] ?? 0
  const runs: ChartPoint[][] = []
  for (const point of points) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    if (run === undefined || before === undefined || point.at - before.at > GAP_FACTOR * usual) runs.push([point])
    else run.push(point)
  }
  return runs
}

/** All moments at which a series has a value, the oldest first. */
export function momentsOf(series: readonly ChartSeries[]): number[] {
  const moments = new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))
  return [...moments].toSorted((one, other) => one - other)
}

/** The moment that is nearest to another one. */
export function nearestTo(at: number, moments: readonly number[]): number | undefined {
  let found: number | undefined
  for (const each of moments) {
    if (found === undefined || Math.abs(each - at) < Math.abs(found - at)) found = each
  }
  return found
}

/** The value of each series at a moment; undefined where it has none. */
export function valuesAt(series: readonly ChartSeries[], at: number): (ChartPoint | undefined)[] {
  return series.map(({ points }) => points.find((point) => point.at === at))
}

const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4, notation: 'compact' })

/** A value in few characters: 0.0425, 97.31, 1.2K, 3.4M. */
export function shortValue(value: number): string {
  return short.format(value)
}
