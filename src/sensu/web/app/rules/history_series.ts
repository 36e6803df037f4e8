// The results of an event over a period, as charts draw them: durations in buckets, and the metrics in kept outputs.
import type { ChartPoint, ChartSeries } from './chart.ts'
import { listOf, numberOf, recordOf, textOf } from './outside.ts'

export interface Durations {
  series: ChartSeries
  /** How many results there were. */
  results: number
  /** How many seconds a point stands for. */
  step: number
  /** More results than are read; the oldest are left out. */
  cut: boolean
}

/** The durations of results; keepalives and results of scripts often do not say how long they took. */
export function readDurations(answer: unknown): Durations {
  const { buckets, complete, step } = recordOf(answer)
  const found = listOf(buckets).map(recordOf)
  const points = found.map((bucket): ChartPoint => {
    const [least = 0, value = 0, greatest = 0] = listOf(bucket['duration']).map((part) => numberOf(part))
    return { at: numberOf(bucket['at']), value, least, greatest }
  })
  const counts = ['critical', 'warning', 'unknown', 'passing']
  const results = found.reduce((sum, bucket) => sum + counts.reduce((n, each) => n + numberOf(bucket[each]), 0), 0)
  return {
    series: { name: 'duration', points: points.filter(({ greatest }) => greatest > 0) },
    results,
    step: numberOf(step),
    cut: complete === false,
  }
}

export interface Metrics {
  /** The output metric format of the check; empty: it has none. */
  format: string
  series: readonly ChartSeries[]
  cut: boolean
}

/** The metrics in kept outputs; a series is called by its metric and tags: `disk_used{device=sda1}`. */
export function readMetrics(answer: unknown): Metrics {
  const { format, series, complete } = recordOf(answer)
  return { format: textOf(format), series: listOf(series).map(readSeries), cut: complete === false }
}

function readSeries(value: unknown): ChartSeries {
  const { name, tags, points } = recordOf(value)
  const named = Object.entries(recordOf(tags)).map(([tag, text]) => `${tag}=${textOf(text)}`)
  return {
    name: textOf(name) + (named.length > 0 ? `{${named.join(', ')}}` : ''),
    points: listOf(points).map((point) => {
      const [at = 0, value = 0, least = 0, greatest = 0] = listOf(point).map((part) => numberOf(part))
      return { at, value, least, greatest }
    }),
  }
}

/** How many series a chart can show so that they are told apart. */
export const MOST_SERIES = 6

/** The series that are drawn: those that somebody chose, else the first metric with all its tags. */
export function chosenOf(all: readonly ChartSeries[], chosen: readonly string[]): ChartSeries[] {
  const wanted = all.filter(({ name }) => chosen.includes(name))
  if (wanted.length > 0) return wanted.slice(0, MOST_SERIES)
  const first = metricOf(all[0]?.name ?? '')
  return all.filter(({ name }) => metricOf(name) === first).slice(0, MOST_SERIES)
}

function metricOf(name: string): string {
  return name.split('{', 1)[0] ?? ''
}

/** The names after one of them was chosen, or no longer is. */
export function afterChoosing(shown: readonly ChartSeries[], name: string): string[] {
  const names = shown.map((each) => each.name)
  return names.includes(name) ? names.filter((each) => each !== name) : [...names, name]
}
