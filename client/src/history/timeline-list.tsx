import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { useSession } from '../session/session-context.ts'
import { useTick } from '../ui/relative-time.ts'
import styles from './history.module.css'
import type { Row } from './rows.ts'
import { CheckpointLine, StepLine } from './timeline-row.tsx'

type TimelineListProps = {
  rows: readonly Row[]
  /** The chosen row, by its key. */
  chosen: string | undefined
  isLoadingOlder: boolean
  /** `isMeant` once somebody clicks or presses Enter, rather than walks by. */
  onChoose: (row: Row, isMeant: boolean) => void
  /** The end of what is loaded is near. */
  onNearEnd: () => void
}

const narrow = matchMedia('(max-width: 759px)')

/** Steps and checkpoints, the newest first: one tab stop, and the arrow keys walk and choose. */
export function TimelineList({ rows, chosen, isLoadingOlder, onChoose, onNearEnd }: TimelineListProps) {
  const session = useSession()
  const scroller = useRef<HTMLDivElement>(null)
  useTick(30_000)
  const now = session.serverNow()
  // oxlint-disable-next-line react/incompatible-library -- the virtualizer's own state drives this component
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (rows[i]?.kind === 'day' ? 26 : narrow.matches ? 44 : 28),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 8,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 5) onNearEnd()
  }, [rows.length, last, onNearEnd])

  const at = rows.findIndex((row) => row.key === chosen)
  const choose = (index: number, isMeant = false) => {
    const row = rows[index]
    if (!row || row.kind === 'day') return
    onChoose(row, isMeant)
    virtual.scrollToIndex(index)
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / 28) - 1)
    const to = stepTo(event.key, rows, at, page)
    if (to === undefined) return
    choose(to, event.key === 'Enter')
    event.preventDefault()
  }
  return (
    <div
      ref={scroller}
      className={styles.list}
      role="listbox"
      aria-label="Steps, the newest first"
      aria-busy={isLoadingOlder}
      tabIndex={0}
      aria-activedescendant={items.some(({ index }) => index === at) ? idOf(rows[at]) : undefined}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const row = rows[item.index] as Row
          const place = { top: item.start, height: item.size }
          if (row.kind === 'day')
            return (
              // Each step says its time: the day's name is for the eye.
              <div key={row.key} className={styles.day} style={place} aria-hidden>
                {row.name}
              </div>
            )
          return (
            <div
              key={row.key}
              id={idOf(row)}
              className={row.kind === 'step' ? styles.row : `${styles.row} ${styles.checkpoint}`}
              style={place}
              role="option"
              aria-selected={row.key === chosen}
              aria-posinset={item.index + 1}
              aria-setsize={-1}
              onClick={() => choose(item.index, true)}
            >
              {row.kind === 'step' ? (
                <StepLine step={row.step} now={now} />
              ) : (
                <CheckpointLine checkpoint={row.checkpoint} now={now} />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

const idOf = (row: Row | undefined) => row && `history-${row.key.replaceAll(' ', '-')}`

/** Where a key leads, days being no stop; undefined for keys that mean nothing here. */
export function stepTo(key: string, rows: readonly Row[], at: number, page: number): number | undefined {
  const stops = rows.flatMap((row, i) => (row.kind === 'day' ? [] : [i]))
  const place = stops.indexOf(at)
  const to = {
    ArrowDown: place + 1,
    ArrowUp: place < 0 ? 0 : place - 1,
    PageDown: place + page,
    PageUp: place - page,
    Home: 0,
    End: stops.length - 1,
    Enter: place,
  }[key]
  return to === undefined ? undefined : stops[Math.max(0, Math.min(stops.length - 1, to))]
}
