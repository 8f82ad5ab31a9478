import type { ReactNode } from 'react'
import type { Mark } from './ansi-line.tsx'
import { duration } from '../ui/relative-time.ts'
import { hiddenBy } from './log-folds.ts'
import { LogLine } from './log-line.tsx'
import type { Log } from './log.ts'
import styles from './tasks.module.css'
import type { Folds, LogSearch } from './use-log-parts.ts'
import { probeChars, type LogWindow } from './use-log-window.ts'

type LogScreenProps = {
  log: Log
  /** How many rows there have been: as wide as its digits is the column of numbers. */
  end: number
  view: LogWindow
  folds: Folds
  search: LogSearch
  wraps: boolean
  showsTime: boolean
  chosen: number | undefined
  hrefOf: (at: number) => string
  onToggle: (n: number) => void
  onLink: (n: number) => void
  onChoose: (n: number) => void
  /** Instead of rows, while there are none. */
  children: ReactNode
}

const noMarks: readonly Mark[] = []

/** The rows of an output that are on the screen, in a box as high as all of them. */
export function LogScreen({
  log,
  end,
  view: { scroller, probe, onScroll, rows, keyOf, height, above },
  folds,
  search,
  wraps,
  showsTime,
  chosen,
  hrefOf,
  onToggle,
  onLink,
  onChoose,
  children,
}: LogScreenProps) {
  return (
    <div
      ref={scroller}
      className={styles.lines}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolled with the keyboard
      tabIndex={0}
      role="log"
      aria-label="Output of the task"
      aria-live="off"
      data-wraps={wraps || undefined}
      style={{ '--digits': Math.max(3, String(end).length) } as React.CSSProperties}
      onScroll={onScroll}
      onClick={({ target }) => {
        // Who marks text to copy it chooses no line.
        if (!(target instanceof Element) || getSelection()?.isCollapsed === false) return
        const row = target.closest<HTMLElement>('[data-row]')?.dataset['row']
        if (row !== undefined) onChoose(Number(row))
      }}
    >
      <div className={`${styles.outputLine} ${styles.measure}`} aria-hidden>
        <span className={styles.number} />
        {showsTime && <span className={styles.time} />}
        <span className={styles.lineText}>
          <span ref={probe} className={styles.probe}>
            {'0'.repeat(probeChars)}
          </span>
        </span>
      </div>
      {children}
      <div style={{ height: height, position: 'relative' }}>
        <div className={styles.rows} style={{ transform: `translateY(${above}px)` }}>
          {rows.map((n) => {
            const row = log.row(n)
            const fold = folds.at(n)
            return (
              row && (
                <LogLine
                  key={keyOf(n)}
                  n={n}
                  row={row}
                  href={hrefOf(row.at)}
                  isChosen={n === chosen}
                  showsTime={showsTime}
                  marks={search.count === 0 ? noMarks : marksOf(n, search)}
                  title={fold?.title}
                  hides={fold && folds.isShut(fold) ? hidesWords(hiddenBy(fold, end, log.row)) : undefined}
                  onToggle={onToggle}
                  onLink={onLink}
                />
              )
            )
          })}
        </div>
      </div>
    </div>
  )
}

const marksOf = (row: number, { inRow, current }: LogSearch): readonly Mark[] =>
  inRow(row).map((hit) => ({ from: hit.from, to: hit.to, isCurrent: hit === current }))

/** "12 lines, 3.2 s"; how long only where it is worth saying. */
const hidesWords = ({ lines, tookMs }: ReturnType<typeof hiddenBy>): string =>
  [lines === 1 ? '1 line' : `${lines.toLocaleString('en')} lines`, tookMs >= 100 && duration(tookMs)]
    .filter(Boolean)
    .join(', ')
