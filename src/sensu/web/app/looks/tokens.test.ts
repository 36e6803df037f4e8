// Contrast and colour-blind distances of the colours in tokens.css, computed; the bounds are WCAG 2.2 and those of the design.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

type Colour = readonly [number, number, number]
type Theme = 'light' | 'dark'
type Matrix = readonly [Colour, Colour, Colour]

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const STATUSES = ['passing', 'warning', 'critical', 'unknown']
const THEMES: Theme[] = ['light', 'dark']

/** The two colours of each token in one block of the file. */
function tokensOf(block: string): Map<string, Record<Theme, Colour>> {
  const pairs = block.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)
  return new Map(
    [...pairs].map(([, name = '', light = '', dark = '']) => [name, { light: rgb(light), dark: rgb(dark) }]),
  )
}

function block(selector: string): string {
  const from = css.indexOf(selector)
  assert.notEqual(from, -1, `${selector} is in tokens.css`)
  return css.slice(from, css.indexOf('}', from))
}

function rgb(hex: string): Colour {
  const channel = (at: number) => parseInt(hex.slice(at, at + 2), 16) / 255
  return [channel(1), channel(3), channel(5)]
}

const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
const linearOf = ([r, g, b]: Colour): Colour => [linear(r), linear(g), linear(b)]
const times = (matrix: Matrix, [r, g, b]: Colour): Colour => {
  const row = ([x, y, z]: Colour) => x * r + y * g + z * b
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])]
}

function contrast(one: Colour, other: Colour): number {
  const luminance = (colour: Colour) => {
    const [r, g, b] = linearOf(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** Machado, Oliveira and Fernandes 2009, full severity, on linear light. */
const BLINDNESS: Record<string, Matrix> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

function oklab(colour: Colour): Colour {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    colour,
  )
  const roots: Colour = [Math.cbrt(lms[0]), Math.cbrt(lms[1]), Math.cbrt(lms[2])]
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    roots,
  )
}

function distance(one: Colour, other: Colour, sight: Matrix): number {
  const seen = (colour: Colour) => {
    const [r, g, b] = times(sight, linearOf(colour))
    const clamp = (value: number) => Math.min(1, Math.max(0, value))
    return oklab([clamp(r), clamp(g), clamp(b)])
  }
  const [a, b] = [seen(one), seen(other)]
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

const normal = tokensOf(block(':root {'))
const high = new Map([...normal, ...tokensOf(block(":root[data-theme='contrast'] {"))])

function at(tokens: Map<string, Record<Theme, Colour>>, name: string, theme: Theme): Colour {
  const pair = tokens.get(name)
  assert.ok(pair, `--${name} is in tokens.css`)
  return pair[theme]
}

function assertContrast(tokens: typeof normal, ink: string, grounds: string[], least: number): void {
  for (const theme of THEMES)
    for (const ground of grounds) {
      const found = contrast(at(tokens, ink, theme), at(tokens, ground, theme))
      assert.ok(found >= least, `--${ink} on --${ground} (${theme}): ${found.toFixed(2)}, at least ${least}`)
    }
}

const GROUNDS = ['canvas', 'surface', 'raised', 'hover']

test('text is readable on every ground', () => {
  for (const ink of ['text', 'muted', 'link', 'word-silenced']) assertContrast(normal, ink, [...GROUNDS, 'sunken'], 4.5)
  assertContrast(normal, 'link', ['link-tint'], 4.5)
  assertContrast(normal, 'text', ['link-tint'], 4.5)
  assertContrast(normal, 'muted', ['link-tint'], 4.5)
  assertContrast(normal, 'on-link', ['link'], 4.5)
})

test('words of a status are readable on grounds and on their own tint', () => {
  for (const status of STATUSES)
    assertContrast(normal, `word-${status}`, [...GROUNDS, `tint-${status}`, 'link-tint'], 4.5)
  for (const status of STATUSES) assertContrast(normal, 'text', [`tint-${status}`], 4.5)
})

test('marks and the borders of controls are seen on every ground, and glyphs on marks', () => {
  for (const status of STATUSES) {
    assertContrast(normal, `mark-${status}`, ['canvas', 'surface', 'raised', 'link-tint'], 2.9)
    assertContrast(normal, `mark-${status}`, ['canvas', 'surface'], 3)
    assertContrast(normal, 'mark-glyph', [`mark-${status}`], 3)
  }
  assertContrast(normal, 'control-border', ['canvas', 'surface', 'raised'], 3)
})

test('the marks of any two statuses differ for everybody, whatever colours they see', () => {
  for (const theme of THEMES)
    for (const [name, sight] of Object.entries(BLINDNESS))
      for (const one of STATUSES)
        for (const other of STATUSES.slice(STATUSES.indexOf(one) + 1)) {
          const found = distance(at(normal, `mark-${one}`, theme), at(normal, `mark-${other}`, theme), sight)
          assert.ok(found >= 14, `${one} and ${other} with ${name} (${theme}): ${found.toFixed(1)}, at least 14`)
        }
})

test('the lines of a chart are seen on every ground', () => {
  for (const number of [1, 2, 3, 4, 5, 6])
    assertContrast(normal, `series-${number}`, ['canvas', 'surface', 'raised'], 4.5)
})

test('the high contrast theme raises muted text to 7 : 1 and lines to 3 : 1', () => {
  for (const ink of ['text', 'muted', 'link', 'word-silenced'])
    assertContrast(high, ink, ['canvas', 'surface', 'raised'], 7)
  assertContrast(high, 'line', ['canvas', 'surface', 'raised'], 3)
  assertContrast(high, 'control-border', ['canvas', 'surface', 'raised'], 4.5)
})

test('people whose system asks for more contrast get the high contrast theme', () => {
  const asked = css.slice(css.indexOf('@media (prefers-contrast: more)'))
  assert.deepEqual(tokensOf(asked.slice(0, asked.indexOf('}'))), tokensOf(block(":root[data-theme='contrast'] {")))
})
