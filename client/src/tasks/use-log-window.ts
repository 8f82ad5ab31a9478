import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { createLayout } from './log-layout.ts'
import { withoutColour } from './log-rows.ts'
import type { Log, LogFacts } from './log.ts'

/** The height of a row, as `tasks.module.css` has it. */
export const rowHeight = 18
/** Rendered above and below what is seen, so that a quick scroll finds rows. */
const overscan = 12

type Options = {
  log: Log
  facts: LogFacts
  hidden: readonly (readonly [number, number])[]
  wraps: boolean
  isFollowing: boolean
  onFollow: (isFollowing: boolean) => void
}

/**
 * Which rows of an output are on the screen. Only those are ever rendered. While following, the end is shown whatever
 * comes; a scroll upwards ends that, and one to the end takes it up again. Otherwise what is read stays where it is.
 */
export function useLogWindow({ log, facts, hidden, wraps, isFollowing, onFollow }: Options) {
  const scroller = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const [box, setBox] = useState({ top: 0, height: 0 })
  const [fits, setFits] = useState(80)
  const columns = wraps ? fits : 0
  const place = useMemo(createLayout, [log])
  const slots = useMemo(createSlots, [log])
  const total = useMemo(() => {
    place.update(facts, facts.settled, columns, hidden, (n) => widthOf(log.row(n)?.text ?? ''))
    return place.total()
  }, [place, log, facts, columns, hidden])

  /** The row at the top of the screen, and how far it is scrolled out: what stays in its place when rows above change. */
  const anchor = useRef({ row: 0, beyond: 0 })
  const lastTop = useRef(0)
  const look = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const { scrollTop, clientHeight } = element
    const row = place.rowAt(Math.floor(scrollTop / rowHeight))
    anchor.current = { row, beyond: scrollTop - place.topOf(row) * rowHeight }
    lastTop.current = scrollTop
    setBox((box) =>
      box.top === scrollTop && box.height === clientHeight ? box : { top: scrollTop, height: clientHeight },
    )
  }, [place])
  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 4
    // Scrolled there by a person: what is told late of our own scroll to the end, left since, moved nothing.
    if (isAtEnd && !isFollowing && element.scrollTop > lastTop.current) onFollow(true)
    if (!isAtEnd && isFollowing && element.scrollTop < lastTop.current - 1) onFollow(false)
    // Our own scrolling to the end, which is rendered already.
    if (!isAtEnd || !isFollowing) look()
  }
  const scrollTo = useCallback(
    (top: number) => {
      if (scroller.current) scroller.current.scrollTop = top
      look()
    },
    [look],
  )
  // Rows above may have gone, been folded, or be wrapped anew.
  useLayoutEffect(() => {
    if (!isFollowing)
      scrollTo(place.topOf(Math.max(anchor.current.row, facts.first)) * rowHeight + anchor.current.beyond)
    // oxlint-disable-next-line react/exhaustive-deps -- more rows below move nothing
  }, [facts.first, columns, hidden])
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    if (!isFollowing) return look()
    element.scrollTop = element.scrollHeight
    lastTop.current = element.scrollTop
  }, [isFollowing, total, box.height, look])
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const measure = () => {
      look()
      const { current } = probe
      const room = current?.parentElement?.clientWidth
      if (current && room !== undefined)
        setFits(Math.max(10, Math.floor(room / (current.getBoundingClientRect().width / probeChars))))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    if (probe.current?.parentElement) observer.observe(probe.current.parentElement)
    return () => observer.disconnect()
  }, [look])

  // Before the browser has scrolled to the new end, that is where we are.
  const top = isFollowing ? Math.max(0, total * rowHeight - box.height) : box.top
  const rows: number[] = []
  const from = Math.max(facts.first, place.rowAt(Math.max(0, Math.floor(top / rowHeight) - overscan)))
  const below = Math.ceil((top + box.height) / rowHeight) + overscan
  for (let n = place.shownFrom(from); n < facts.end && place.topOf(n) < below; n = place.shownFrom(n + 1)) rows.push(n)
  return {
    scroller,
    /** By what a row is known to React. */
    keyOf: slots(rows[0] ?? 0, rows.at(-1) ?? 0, isFollowing),
    /** A text of `probeChars` characters in a row like any other: how many fit is measured with it. */
    probe,
    onScroll,
    rows,
    height: total * rowHeight,
    above: place.topOf(rows[0] ?? facts.first) * rowHeight,
    /** The first row that is seen whole. */
    firstSeen: place.rowAt(Math.ceil(top / rowHeight)),
    /** Scrolls so that a row stands a third below the top, unless it is seen already. */
    reveal: (n: number) => {
      const element = scroller.current
      if (!element) return
      const at = place.topOf(n) * rowHeight
      const isSeen = at >= element.scrollTop && at + rowHeight <= element.scrollTop + element.clientHeight
      if (!isSeen) scrollTo(Math.max(0, at - element.clientHeight / 3))
      element.scrollLeft = 0
    },
    toStart: () => scrollTo(0),
  }
}

/**
 * Gives rows their keys. A row keeps its own as long as it is on the screen. When output pours in so fast that none of
 * the rows before is left, the new ones take their places: other words in the same elements cost less than new elements.
 */
function createSlots() {
  let offset = 0
  let shown = { first: 0, last: -1 }
  return (first: number, last: number, isFollowing: boolean) => {
    if (isFollowing && first > shown.last) offset += first - shown.first
    shown = { first, last }
    return (n: number): number => n - offset
  }
}

export type LogWindow = ReturnType<typeof useLogWindow>

export const probeChars = 100

/** How many columns a text takes; a tab as many as it may. */
function widthOf(coloured: string): number {
  const text = withoutColour(coloured)
  if (!text.includes('\t')) return text.length
  return text.length + 7 * (text.split('\t').length - 1)
}
