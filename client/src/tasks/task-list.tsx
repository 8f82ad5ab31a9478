import type { Worker } from '@tandem/shared'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef } from 'react'
import type { TaskItem } from './items.ts'
import { TaskCard } from './task-card.tsx'
import styles from './tasks.module.css'

type TaskListProps = {
  items: readonly TaskItem[]
  workers: readonly Worker[]
  selected: string | undefined
  expanded: ReadonlySet<string>
  /** `isMeant` once somebody clicks or presses Enter, rather than walks by. */
  onSelect: (id: string, isMeant: boolean) => void
  onToggle: (id: string, isExpanded?: boolean) => void
}

const narrow = matchMedia('(max-width: 759px)')

/** The tasks, of which only those on the screen are rendered: one tab stop, and the arrow keys walk, unfold and choose. */
export function TaskList({ items, workers, selected, expanded, onSelect, onToggle }: TaskListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const at = items.findIndex(({ id }) => id === selected)
  // oxlint-disable-next-line react/incompatible-library -- the virtualizer's own state drives this component
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow.matches ? 44 : 32),
    getItemKey: (i) => items[i]?.id ?? i,
    // The chosen one is always there: it is where the Tab key leads.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range)
      return at < 0 || shown.includes(at) ? shown : [...shown, at].toSorted((a, b) => a - b)
    },
    overscan: 6,
  })
  const walked = useRef(false)
  useLayoutEffect(() => {
    if (!walked.current || selected === undefined) return
    walked.current = false
    scroller.current?.querySelector<HTMLElement>(`[data-card="${selected}"]`)?.focus({ preventScroll: true })
  }, [selected])

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const id = items[at]?.id
    if (id !== undefined && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      onToggle(id, event.key === 'ArrowRight')
      return event.preventDefault()
    }
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / 32) - 1)
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: items.length - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(items.length - 1, to))
    const chosen = items[next]
    if (!chosen || chosen.id === id) return
    walked.current = true
    onSelect(chosen.id, false)
    virtual.scrollToIndex(next)
  }
  const stop = Math.max(0, at)
  const rows = virtual.getVirtualItems()
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- keys for the cards in it, which are buttons
    <div ref={scroller} className={styles.list} data-list onKeyDown={onKeyDown}>
      <ul style={{ height: virtual.getTotalSize() }} aria-label="Tasks: what runs, what waits, then the newest">
        {rows.map(({ index, start }) => {
          const item = items[index]
          return (
            item && (
              <li
                key={item.id}
                ref={virtual.measureElement}
                data-index={index}
                className={styles.card}
                style={{ transform: `translateY(${start}px)` }}
                data-selected={item.id === selected || undefined}
                data-state={item.task?.state ?? 'asked'}
                aria-posinset={index + 1}
                aria-setsize={items.length}
              >
                <TaskCard
                  item={item}
                  workers={workers}
                  isSelected={item.id === selected}
                  isExpanded={expanded.has(item.id)}
                  isStop={index === stop}
                  onSelect={() => onSelect(item.id, true)}
                  onToggle={() => onToggle(item.id)}
                />
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}
