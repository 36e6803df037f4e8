// A list of any length of which what is seen is loaded: `rows.ask(question)`, `rows.see(first, end)`, `rows.row(place)`, `rows.take(changes)`.
import { type HeldRow, placeOfRow, shownAt, sortedHeld } from '../rules/held_rows.ts'
import { isWholeList, withFreshRows } from '../rules/fresh_rows.ts'
import { type LeftRows, SHOWN_MS, pastRows, withoutReturned, withoutRows } from '../rules/left_rows.ts'
import { PAGE_ROWS, type Seen, pageOf, pagesToForget, wantedPages } from '../rules/row_pages.ts'
import type { Refused, Unreachable } from '../wire/outcomes.ts'
import type { RowChanges, RowsAnswer, RowsQuestion } from './rows_question.ts'

type Pages<Row> = ReadonlyMap<number, readonly Row[]>

const SETTLED_MS = 80
const READ_AT_MOST_EVERY_MS = 1000

export class WindowedRows<Row> {
  /** How many rows are shown, those that left included. */
  total = $derived.by(() => this.#total + this.#held.length)
  /** How many rows the list has. */
  matching = $derived.by(() => this.#total)
  /** Whether an answer to the present question came. */
  known = $state(false)
  searching = $state(false)
  searched = $state(0)
  /** Somebody stopped the search: there may be more rows. */
  stopped = $state(false)
  revision = $state(0)
  /** Why the last request was not answered. */
  problem = $state.raw<Refused | Unreachable | undefined>(undefined)
  /** Rows that came or would move, while the order is kept. */
  waiting = $state(0)
  /** Counts the times that rows may have moved. */
  moved = $state(0)
  #total = $state(0)
  #pages = $state.raw<Pages<Row>>(new Map())
  #held = $state.raw<readonly HeldRow<Row>[]>([])
  #left = $state.raw<LeftRows>(new Map())
  #question: RowsQuestion<Row> | undefined
  #run = new AbortController()
  #seen: Seen = { first: 0, end: 0, direction: 'down' }
  #bySeen: number[] = []
  #index: ReadonlyMap<string, number> | undefined
  #reading = new Set<number>()
  #frozen = false
  #stale = false
  /** Rows are being read: what changes now may not be among them, and has to be read again. */
  #isReading = false
  #waiting = new Set<string>()
  #readAtMs = 0
  #settling: ReturnType<typeof setTimeout> | undefined
  #planned: ReturnType<typeof setTimeout> | undefined

  /** Shows another list; the rows of the former one stay until its first rows are there. */
  ask(question: RowsQuestion<Row>): void {
    if (question.name === this.#question?.name) return
    this.close()
    this.#question = question
    this.#seen = { first: 0, end: PAGE_ROWS, direction: 'down' }
    this.known = false
    this.#forgetChanges()
    void this.#readAll(true)
  }

  /** Ends all requests. */
  close(): void {
    this.#run.abort()
    this.#run = new AbortController()
    this.#reading.clear()
    clearTimeout(this.#settling)
    clearTimeout(this.#planned)
    this.#planned = undefined
    this.searching = false
    this.#isReading = false
  }

  /** The row that is shown at a place; undefined: it is not loaded yet. */
  row(place: number): Row | undefined {
    const found = shownAt(place, this.#held)
    return typeof found === 'number' ? this.#pages.get(pageOf(found))?.[found % PAGE_ROWS] : found.row
  }

  /** Whether a row left the list and is shown for a moment longer, or for as long as the order is kept. */
  isLeaving(row: Row): boolean {
    return this.#question !== undefined && this.#left.has(this.#question.keyOf(row))
  }

  /** The place of a row, if it is loaded; -1 otherwise. */
  placeOf(key: string): number {
    const held = this.#held.find((each) => each.key === key)
    if (held !== undefined) return held.at
    const index = this.#indexOf(key)
    return index < 0 ? -1 : placeOfRow(index, this.#held)
  }

  /** Says which rows are seen; what is missing is read when the view has come to rest. */
  see(first: number, end: number): void {
    if (first === this.#seen.first && end === this.#seen.end) return
    this.#seen = { first, end, direction: first < this.#seen.first ? 'up' : 'down' }
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#fill(), SETTLED_MS)
  }

  /** Keeps the order of the rows for as long as it is frozen. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen
    if (frozen) return
    this.#letGo()
    this.#readStale()
  }

  /** Reads what is seen again, in its present order. */
  again(): void {
    clearTimeout(this.#planned)
    this.#planned = undefined
    void this.#readAll(false)
  }

  /** Stops a search; what it found stays. */
  stop(): void {
    this.searching = false
    this.stopped = true
    this.#isReading = false
    this.#run.abort()
    this.#run = new AbortController()
    this.#reading.clear()
  }

  /** Takes what changed: rows change in place, and the list is read again where rows came, went or moved. */
  take({ changed, gone, more }: RowChanges<Row>): void {
    const question = this.#question
    if (question === undefined || !this.known) return
    const pages = new Map(this.#pages)
    for (const row of changed) this.#takeRow(question, pages, row)
    for (const key of gone) if (this.#indexOf(key) >= 0) this.#leave(key)
    this.#pages = pages
    if (more || gone.length > 0 || this.#isReading) this.#stale = true
    this.waiting = this.#waiting.size
    this.#readStale()
  }

  /** Says that rows changed, without what they look like now. While the order is kept, they change in place. */
  touch(): void {
    if (this.#question === undefined || !this.known) return
    this.#stale = true
    this.#readSoon()
  }

  #takeRow(question: RowsQuestion<Row>, pages: Map<number, readonly Row[]>, row: Row): void {
    const key = question.keyOf(row)
    const index = this.#indexOf(key)
    const fits = question.fits(row)
    if (index < 0) {
      this.#stale = true
      if (fits === true) this.#waiting.add(key)
      return
    }
    const page = pages.get(pageOf(index)) ?? []
    const before = page[index % PAGE_ROWS]
    pages.set(pageOf(index), page.with(index % PAGE_ROWS, row))
    if (fits === false) {
      this.#leave(key)
      this.#stale = true
      return
    }
    if (this.#left.has(key)) this.#left = withoutRows(this.#left, [key])
    if (fits === undefined || before === undefined || question.moves(before, row)) {
      this.#stale = true
      this.#waiting.add(key)
    }
  }

  #leave(key: string): void {
    if (this.#left.has(key)) return
    this.#left = new Map([...this.#left, [key, performance.now()]])
    setTimeout(() => this.#letGo(), SHOWN_MS)
  }

  /** Takes away the rows whose moment is over; those that are still among the rows of the list go when it is read again. */
  #letGo(): void {
    if (this.#keepsOrder()) return
    const past = pastRows(this.#left, performance.now()).filter((key) => this.#indexOf(key) < 0)
    if (past.length === 0) return
    this.#left = withoutRows(this.#left, past)
    this.#held = this.#held.filter(({ key }) => !past.includes(key))
    this.moved += 1
  }

  /** Whether rows stay where they are; a list without rows has nothing to keep. */
  #keepsOrder(): boolean {
    return this.#frozen && this.total > 0
  }

  #readStale(): void {
    if (this.#stale && !this.#keepsOrder()) this.#readSoon()
  }

  #readSoon(): void {
    if (this.#planned !== undefined) return
    const waitMs = Math.max(0, this.#readAtMs + READ_AT_MOST_EVERY_MS - performance.now())
    this.#planned = setTimeout(() => (this.#keepsOrder() ? void this.#refresh() : this.again()), waitMs)
  }

  /** Reads what is seen again, and leaves every row where it is. */
  async #refresh(): Promise<void> {
    this.#planned = undefined
    const askedMs = performance.now()
    this.#readAtMs = askedMs
    const [question, signal] = [this.#question, this.#run.signal]
    const pages = this.#seenPages()
    const fresh = await Promise.all(pages.map((page) => this.#load(page, signal, undefined, false)))
    if (signal.aborted || question === undefined || fresh.includes(undefined)) return
    const rows = fresh.map((each) => each ?? [])
    const keys = new Set(rows.flat().map((row) => question.keyOf(row)))
    this.#left = withoutReturned(this.#left, { keys, askedMs })
    const [first = 0] = pages
    if (isWholeList(first, rows)) for (const key of this.#keys()) if (!keys.has(key)) this.#leave(key)
    const found = withFreshRows(this.#pages, first, rows, question.keyOf)
    this.#keep(found.pages)
    this.waiting = found.moved
  }

  #seenPages(): number[] {
    const first = pageOf(this.#seen.first)
    const count = pageOf(Math.max(this.#seen.first, this.#seen.end - 1)) - first + 1
    return Array.from({ length: count }, (_, index) => first + index)
  }

  /** Reads the missing pages around the view. */
  #fill(): void {
    const wanted = wantedPages(this.#seen, this.#total)
    this.#bySeen = [...this.#bySeen.filter((page) => !wanted.includes(page)), ...wanted]
    const forgotten = pagesToForget(this.#bySeen, wanted)
    this.#bySeen = this.#bySeen.filter((page) => !forgotten.includes(page))
    if (forgotten.length > 0) this.#keep(new Map([...this.#pages].filter(([page]) => !forgotten.includes(page))))
    for (const page of wanted) if (!this.#pages.has(page) && !this.#reading.has(page)) void this.#readPage(page)
  }

  async #readPage(page: number): Promise<void> {
    this.#reading.add(page)
    const signal = this.#run.signal
    const rows = await this.#load(page, signal)
    if (signal.aborted) return
    this.#reading.delete(page)
    if (rows !== undefined) this.#keep(new Map([...this.#pages, [page, rows]]))
  }

  /** Reads all pages that are seen and shows them at once; a new list shows what a search finds as it comes. */
  async #readAll(isNew: boolean): Promise<void> {
    this.#run.abort()
    this.#run = new AbortController()
    this.#reading.clear()
    this.#stale = false
    this.#isReading = true
    const askedMs = performance.now()
    this.#readAtMs = askedMs
    const signal = this.#run.signal
    const first = pageOf(this.#seen.first)
    const pages = isNew ? [first] : this.#seenPages()
    const onPart = isNew ? (rows: readonly Row[]) => this.#show(new Map([[first, rows]]), askedMs) : undefined
    const loaded = await Promise.all(pages.map((page) => this.#load(page, signal, onPart)))
    if (signal.aborted) return
    this.#isReading = false
    const read = loaded.flatMap((rows, index) => (rows === undefined ? [] : [[first + index, rows] as const]))
    this.#show(new Map(read), askedMs)
    this.#fill()
  }

  #show(pages: Pages<Row>, askedMs: number): void {
    if (pages.size === 0) return
    const held = this.known ? this.#heldFrom(pages, askedMs) : []
    this.#forgetWaiting()
    this.#keep(pages)
    this.#bySeen = [...pages.keys()]
    this.#held = held
    this.known = true
    this.moved += 1
  }

  /** The rows that left, are not among the new ones, and are shown for a moment longer where they stand now. */
  #heldFrom(pages: Pages<Row>, askedMs: number): HeldRow<Row>[] {
    const question = this.#question
    if (question === undefined || this.#left.size === 0) return []
    const keys = new Set([...pages.values()].flat().map((row) => question.keyOf(row)))
    const left = withoutReturned(this.#left, { keys, askedMs })
    const past = pastRows(left, performance.now()).filter((key) => !keys.has(key))
    this.#left = withoutRows(left, past)
    const held = [...this.#left.keys()].flatMap((key) => {
      const at = keys.has(key) ? -1 : this.placeOf(key)
      const row = this.row(at)
      return at < 0 || row === undefined ? [] : [{ at, key, row }]
    })
    return sortedHeld(held)
  }

  async #load(
    page: number,
    signal: AbortSignal,
    onPart?: (rows: readonly Row[]) => void,
    learns = true,
  ): Promise<readonly Row[] | undefined> {
    let rows: readonly Row[] = []
    let next = ''
    do {
      const part = { offset: page * PAGE_ROWS, limit: PAGE_ROWS, next }
      const outcome = await this.#question?.load(part, signal)
      if (outcome === undefined || signal.aborted) return undefined
      if (outcome.kind !== 'answered') {
        this.problem = outcome
        return undefined
      }
      rows = [...rows, ...outcome.data.rows]
      next = outcome.data.next
      if (learns) this.#learn(outcome.data)
      if (next !== '') onPart?.(rows)
    } while (next !== '')
    return rows
  }

  #learn(answer: RowsAnswer<Row>): void {
    this.problem = undefined
    if (answer.complete || !this.known || this.#total < answer.total) this.#total = answer.total
    this.searching = !answer.complete
    this.stopped = false
    this.searched = answer.searched
    this.revision = answer.revision
  }

  #indexOf(key: string): number {
    this.#index ??= this.#indexed()
    return this.#index.get(key) ?? -1
  }

  /** The keys of the rows that are loaded. */
  #keys(): Iterable<string> {
    this.#index ??= this.#indexed()
    return this.#index.keys()
  }

  #indexed(): Map<string, number> {
    const question = this.#question
    const index = new Map<string, number>()
    if (question === undefined) return index
    for (const [page, rows] of this.#pages)
      for (const [at, row] of rows.entries()) index.set(question.keyOf(row), page * PAGE_ROWS + at)
    return index
  }

  #keep(pages: Pages<Row>): void {
    this.#pages = pages
    this.#index = undefined
  }

  #forgetWaiting(): void {
    this.#waiting.clear()
    this.waiting = 0
  }

  #forgetChanges(): void {
    this.#forgetWaiting()
    this.#left = new Map()
    this.#held = []
    this.problem = undefined
  }
}
