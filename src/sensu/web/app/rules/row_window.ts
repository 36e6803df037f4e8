// Which rows of a long list are in the DOM, and where: fixed row height, scaled where browsers cap the height of elements.

/** What the list looks like now. */
export interface ListGeometry {
  total: number
  rowHeight: number
  viewHeight: number
  scrollTop: number
}

/** The rows to draw: `first` up to `end` (not included), the block shifted down by `offset` px, in a space of `height` px. */
export interface RowWindow {
  first: number
  end: number
  offset: number
  height: number
}

/** Firefox draws nothing beyond about 17.9 million px; device pixels count, so a good deal less is safe. */
export const HIGHEST_ELEMENT = 8_000_000
const OVERSCAN_ROWS = 6

/** The window for a scroll position. Below the cap a pixel is a pixel; above it the position is a share of the whole. */
export function rowWindow(list: ListGeometry): RowWindow {
  const realHeight = list.total * list.rowHeight
  const height = Math.min(realHeight, HIGHEST_ELEMENT)
  const realTop = realTopOf(list, realHeight, height)
  const firstSeen = Math.floor(realTop / list.rowHeight)
  const seen = Math.ceil(list.viewHeight / list.rowHeight) + 1
  const first = Math.max(0, Math.min(firstSeen, list.total) - OVERSCAN_ROWS)
  const end = Math.min(list.total, firstSeen + seen + OVERSCAN_ROWS)
  return {
    first,
    end,
    offset: first * list.rowHeight - realTop + list.scrollTop,
    height,
  }
}

/** The scroll position that shows a row wholly, as near to the present one as possible. */
export function scrollTopToShow(index: number, list: ListGeometry, covered = 0): number {
  const realHeight = list.total * list.rowHeight
  const height = Math.min(realHeight, HIGHEST_ELEMENT)
  const realTop = realTopOf(list, realHeight, height)
  const rowTop = index * list.rowHeight
  const room = list.viewHeight - covered
  if (rowTop < realTop) return scrollTopOf(rowTop, list, realHeight, height)
  if (rowTop + list.rowHeight > realTop + room)
    return scrollTopOf(rowTop + list.rowHeight - room, list, realHeight, height)
  return list.scrollTop
}

function realTopOf(list: ListGeometry, realHeight: number, height: number): number {
  const most = Math.max(0, realHeight - list.viewHeight)
  if (realHeight <= height) return Math.max(0, Math.min(list.scrollTop, most))
  const share = list.scrollTop / Math.max(1, height - list.viewHeight)
  return Math.max(0, Math.min(1, share)) * most
}

function scrollTopOf(realTop: number, list: ListGeometry, realHeight: number, height: number): number {
  if (realHeight <= height) return Math.max(0, realTop)
  return (realTop / Math.max(1, realHeight - list.viewHeight)) * (height - list.viewHeight)
}
