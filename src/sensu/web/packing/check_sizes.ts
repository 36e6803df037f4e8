// Compares what dist/ makes a browser load with the budgets: `npm run sizes`.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

interface Chunk {
  file: string
  css: string[]
  imports: string[]
  dynamicImports: string[]
}
type Chunks = Map<string, Chunk>

// Chunks have the names of their sources. Pages and parts that are not loaded lazily are in the chunk of the start.
const START = 'index.html'
const EVENT_LIST = 'app/pages/events/page.svelte'
const PAGES = 'app/pages/'
// What the first edit loads: the pages with forms, and the editor beside them.
const EDITING = /^app\/(parts\/editor|pages\/\w+_form)\//
const KB = 1000

const web = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(web, 'dist')

function chunksOf(manifest: unknown): Chunks {
  const found: Chunks = new Map()
  if (typeof manifest !== 'object' || manifest === null) return found
  for (const [key, value] of Object.entries(manifest)) {
    if (typeof value !== 'object' || value === null) continue
    const list = (name: string): string[] => {
      const items: unknown = Reflect.get(value, name)
      return Array.isArray(items) ? items.filter((item) => typeof item === 'string') : []
    }
    const file: unknown = Reflect.get(value, 'file')
    if (typeof file !== 'string') continue
    found.set(key, { file, css: list('css'), imports: list('imports'), dynamicImports: list('dynamicImports') })
  }
  return found
}

/** The files that loading these chunks loads, with those that `dynamic` adds: what pages load later. */
function filesOf(chunks: Chunks, starts: string[], dynamic: boolean, without = new Set<string>()): Set<string> {
  const files = new Set<string>()
  const seen = new Set(without)
  const waiting = [...starts]
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const chunk = chunks.get(key)
    if (!chunk || seen.has(key)) continue
    seen.add(key)
    for (const file of [chunk.file, ...chunk.css]) files.add(file)
    waiting.push(...chunk.imports, ...(dynamic ? chunk.dynamicImports : []))
  }
  return files
}

function packedBytes(files: Iterable<string>): number {
  let sum = 0
  for (const file of files) sum += gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
  return sum
}

function main(): number {
  const chunks = chunksOf(JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')))
  const below = (folder: string): string[] => [...chunks.keys()].filter((key) => key.startsWith(folder))
  const list = filesOf(chunks, [START, ...below(EVENT_LIST)], false)
  const editing = [...chunks.keys()].filter((key) => EDITING.test(key))
  const everything = filesOf(chunks, [START], true, new Set(editing))
  const editor = filesOf(chunks, editing, true).difference(everything)
  const pages = below(PAGES).filter((key) => !editing.includes(key))
  const largest = pages
    .map((page) => filesOf(chunks, [START, page], false))
    .reduce((one, other) => (packedBytes(other) > packedBytes(one) ? other : one), new Set<string>())
  const budgets: [string, Set<string>, number][] = [
    ['first load of the event list', list, 100 * KB],
    ['first load of the largest page', largest, 125 * KB],
    // Nobody loads this at once: it grows with the number of pages, each of which is loaded when it is opened.
    ['everything but forms and editor', everything, 320 * KB],
    ['forms and editor', editor, 125 * KB],
  ]
  let over = 0
  for (const [what, files, budget] of budgets) {
    const bytes = packedBytes(files)
    const verdict = bytes > budget ? 'OVER THE BUDGET' : 'within'
    if (bytes > budget) over += 1
    console.log(`${what}: ${(bytes / KB).toFixed(1)} KB gzip, ${verdict} (${budget / KB} KB)`)
  }
  return over > 0 ? 1 : 0
}

process.exitCode = main()
