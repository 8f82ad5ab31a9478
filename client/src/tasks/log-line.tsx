import { ChevronRight } from 'lucide-react'
import { memo } from 'react'
import { AnsiLine, type Mark } from './ansi-line.tsx'
import type { Row } from './log-rows.ts'
import styles from './tasks.module.css'

type LogLineProps = {
  row: Row
  /** The row's number, for whoever handles its click. */
  n: number
  /** Where the row can be found again. */
  href: string
  isChosen: boolean
  showsTime: boolean
  marks: readonly Mark[]
  /** The name of the part that begins here. */
  title: string | undefined
  /** What is hidden while it is shut, in words: "12 lines, 3.2 s"; undefined while it is open. */
  hides: string | undefined
  onToggle: (n: number) => void
  onLink: (n: number) => void
}

/** One row of output: its number, which is a link to it, when it was written, and its text in its colours. */
export const LogLine = memo(
  function LogLine({ row, n, href, isChosen, showsTime, marks, title, hides, onToggle, onLink }: LogLineProps) {
    return (
      <div className={styles.outputLine} data-row={n} data-stream={row.stream} data-chosen={isChosen || undefined}>
        {/* One stop for each of a hundred thousand lines would be none: the bar copies the link to the chosen one. */}
        <a
          className={styles.number}
          href={href}
          tabIndex={-1}
          aria-label={row.line === undefined ? 'Link to this line' : `Link to line ${row.line}`}
          onClick={(event) => {
            event.preventDefault()
            onLink(n)
          }}
        >
          {row.goesOn ? '' : (row.line ?? '·')}
        </a>
        {showsTime && <span className={styles.time}>{row.goesOn ? '' : sinceStart(row.t)}</span>}
        {title === undefined ? (
          <span className={styles.lineText}>
            <AnsiLine text={row.text} marks={marks} />
          </span>
        ) : (
          <button
            type="button"
            className={styles.heading}
            aria-expanded={hides === undefined}
            onClick={() => onToggle(n)}
          >
            <ChevronRight size={12} aria-hidden data-open={hides === undefined} />
            {title}
            {hides !== undefined && <span className={styles.hides}>{hides}</span>}
          </button>
        )}
      </div>
    )
  },
  (a, b) =>
    a.row === b.row &&
    a.n === b.n &&
    a.href === b.href &&
    a.isChosen === b.isChosen &&
    a.showsTime === b.showsTime &&
    a.title === b.title &&
    a.hides === b.hides &&
    a.onToggle === b.onToggle &&
    a.onLink === b.onLink &&
    a.marks.length === b.marks.length &&
    a.marks.every(({ from, isCurrent }, i) => b.marks[i]?.from === from && b.marks[i]?.isCurrent === isCurrent),
)

/** `0:07.3`, `1:02:07.3`: how long after the attempt began. */
export function sinceStart(ms: number): string {
  const s = Math.max(0, ms) / 1000
  const seconds = (Math.floor(s * 10) / 10) % 60
  const two = (n: number) => String(n).padStart(2, '0')
  const [minutes, hours] = [Math.floor(s / 60) % 60, Math.floor(s / 3600)]
  const rest = `${seconds < 10 ? '0' : ''}${seconds.toFixed(1)}`
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}
