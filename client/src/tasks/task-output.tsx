import type { Id, TaskOutput as OutputRecord } from '@tandem/shared'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { asFlag, useRemembered } from '../ui/remembered.ts'
import { toast } from '../ui/toast.ts'
import type { Mark } from './ansi-line.tsx'
import { LogBar, SearchBar } from './log-bar.tsx'
import { LogLine } from './log-line.tsx'
import { missingWords, plainRows } from './log-rows.ts'
import { placeHash } from './task-link.ts'
import styles from './tasks.module.css'
import { useFolds, useLogSearch } from './use-log-parts.ts'
import { probeChars, useLogWindow } from './use-log-window.ts'
import { useLog } from './use-log.ts'

type TaskOutputProps = {
  taskId: Id
  attempt: number
  isOver: boolean
  /** As the record has it, once the attempt has ended. */
  output: Omit<OutputRecord, 'tail'> | undefined
  tail: string | undefined
  /** The byte whose line an address asked for. */
  at: number | undefined
}

const noMarks: readonly Mark[] = []

/** An attempt's output as it comes: only what is on the screen is rendered, following its end until one scrolls up. */
export function TaskOutput({ taskId, attempt, isOver, output, tail, at }: TaskOutputProps) {
  const session = useSession()
  const { workspaceId } = session.place
  const isOffline = useView(session.link).phase === 'offline'
  const { log, facts, again } = useLog({ taskId, attempt, output, tail })
  const [isFollowing, setFollowing] = useState(at === undefined)
  const [wraps, setWraps] = useRemembered('tandem.log.wrap', false, asFlag)
  const [showsTime, setShowsTime] = useRemembered('tandem.log.times', false, asFlag)
  const [isSearching, setSearching] = useState(false)
  const [words, setWords] = useState('')
  const [chosen, setChosen] = useState<number>()
  const input = useRef<HTMLInputElement>(null)

  const folds = useFolds(log, facts)
  const search = useLogSearch(log, facts, isOver ? facts.end : facts.settled, isSearching ? words : '')
  const view = useLogWindow({ log, facts, hidden: folds.hidden, wraps, isFollowing, onFollow: setFollowing })
  const { scroller } = view

  const goTo = (row: number) => {
    setFollowing(false)
    folds.show(row)
    // Once what hid it is open.
    requestAnimationFrame(() => view.reveal(row))
  }
  const step = (by: 1 | -1) => {
    const hit = search.step(by, view.firstSeen)
    if (hit) goTo(hit.row)
  }
  const openSearch = () => {
    setSearching(true)
    requestAnimationFrame(() => input.current?.select())
  }
  const closeSearch = () => {
    setSearching(false)
    scroller.current?.focus()
  }
  const link = useCallback(
    (n: number) => {
      const row = log.row(n)
      if (!row) return
      setChosen(n)
      const hash = placeHash({ task: taskId, attempt, at: row.at })
      history.replaceState(null, '', hash)
      void copy(
        location.href,
        row.line === undefined ? 'Copied a link to this line.' : `Copied a link to line ${row.line}.`,
      )
    },
    [log, taskId, attempt],
  )
  // An address asked for a line: shown once it is here.
  const [awaited, setAwaited] = useState(at)
  const isHere = awaited !== undefined && facts.end > 0 && facts.parts === undefined
  useEffect(() => {
    if (!isHere) return
    setAwaited(undefined)
    const row = log.rowAt(awaited)
    setChosen(row)
    goTo(row)
    // oxlint-disable-next-line react/exhaustive-deps -- once, with what is here then
  }, [isHere])

  const toggleFold = useCallback(
    (n: number) => {
      const fold = folds.at(n)
      if (fold) folds.toggle(fold)
    },
    // oxlint-disable-next-line react/exhaustive-deps -- the same folds until there are more of them
    [folds.count, folds.hidden],
  )
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return
    const act = {
      '/': openSearch,
      n: () => step(1),
      N: () => step(-1),
      f: () => setFollowing(!isFollowing),
      w: () => setWraps(!wraps),
      t: () => setShowsTime(!showsTime),
      g: () => {
        setFollowing(false)
        view.toStart()
      },
      G: () => setFollowing(true),
      End: () => setFollowing(true),
    }[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }
  const isEmpty = facts.end === facts.first
  const fileUrl = `/api/v1/workspaces/${workspaceId}/tasks/${taskId}/log?attempt=${attempt}`
  const isCut = facts.missing > 0 || output?.truncated === true
  return (
    <section className={styles.output} aria-label="Output" onKeyDown={onKeyDown}>
      <LogBar
        isEmpty={isEmpty}
        follow={{ isOn: isFollowing, set: setFollowing }}
        wrap={{ isOn: wraps, set: setWraps }}
        times={{ isOn: showsTime, set: setShowsTime }}
        search={{ isOn: isSearching, set: (isOn) => (isOn ? openSearch() : closeSearch()) }}
        folds={folds.count > 0 ? { isOn: folds.areAllShut, set: folds.setAll } : undefined}
        onCopy={() =>
          void copy(plainRows(all(log, facts)), isCut ? 'Copied what is here of the output.' : 'Copied the output.')
        }
        onLink={() => link(chosen ?? search.current?.row ?? view.firstSeen)}
        fileUrl={isOffline ? undefined : fileUrl}
      >
        {facts.trouble !== undefined ? (
          <>
            {isOffline ? 'The whole is on the server.' : `The rest did not come: ${facts.trouble}.`}{' '}
            <Button variant="quiet" disabled={isOffline} onClick={again}>
              Try again
            </Button>
          </>
        ) : facts.parts ? (
          `loading, ${facts.parts.done} of ${facts.parts.total}`
        ) : (
          isCut && (
            <>
              {missingWords(facts.missing) ?? 'Its middle was left out.'}{' '}
              {!isOffline && (
                <a href={fileUrl} target="_blank" rel="noreferrer">
                  Open the file
                </a>
              )}
            </>
          )
        )}
      </LogBar>
      {isSearching && (
        <SearchBar
          input={input}
          words={words}
          onWords={setWords}
          found={foundWords(words, search)}
          canStep={search.count > 0}
          onStep={step}
          onClose={closeSearch}
        />
      )}
      <div
        ref={scroller}
        className={styles.lines}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolled with the keyboard
        tabIndex={0}
        role="log"
        aria-label="Output of the task"
        aria-live="off"
        data-wraps={wraps || undefined}
        style={{ '--digits': Math.max(3, String(facts.end).length) } as React.CSSProperties}
        onScroll={view.onScroll}
      >
        <div className={`${styles.outputLine} ${styles.measure}`} aria-hidden>
          <span className={styles.number} />
          {showsTime && <span className={styles.time} />}
          <span className={styles.lineText}>
            <span ref={view.probe} className={styles.probe}>
              {'0'.repeat(probeChars)}
            </span>
          </span>
        </div>
        {isEmpty && (
          <p className={styles.quiet}>
            {facts.parts ? 'Loading…' : isOver ? 'It wrote nothing.' : 'Nothing written yet.'}
          </p>
        )}
        <div style={{ height: view.height, position: 'relative' }}>
          <div className={styles.rows} style={{ transform: `translateY(${view.above}px)` }}>
            {view.rows.map((n) => {
              const row = log.row(n)
              const fold = folds.at(n)
              return (
                row && (
                  <LogLine
                    key={n}
                    n={n}
                    row={row}
                    href={placeHash({ task: taskId, attempt, at: row.at })}
                    isChosen={n === chosen}
                    showsTime={showsTime}
                    marks={search.count === 0 ? noMarks : marksOf(n, search)}
                    title={fold?.title}
                    isShut={fold !== undefined && folds.isShut(fold)}
                    onToggle={toggleFold}
                    onLink={link}
                  />
                )
              )
            })}
          </div>
        </div>
      </div>
      {!isFollowing && !isOver && (
        <Button className={styles.latest} onClick={() => setFollowing(true)}>
          <ArrowDown size={13} aria-hidden /> Latest output
        </Button>
      )}
    </section>
  )
}

type Found = ReturnType<typeof useLogSearch>

const marksOf = (row: number, { inRow, length, current }: Found): readonly Mark[] =>
  inRow(row).map((hit) => ({ from: hit.from, to: hit.from + length, isCurrent: hit === current }))

/** "3 of 17", "17 hits", "more than 10,000 hits"; nothing while nothing was asked. */
function foundWords(words: string, { count, isLooking, isFull, at }: Found): string {
  if (words === '') return ''
  const many = `${isFull ? 'more than ' : ''}${count.toLocaleString('en')}`
  if (at !== undefined) return `${(at + 1).toLocaleString('en')} of ${many}`
  if (count === 0) return isLooking ? 'searching…' : 'not found'
  return count === 1 ? '1 hit' : `${many} hits`
}

function* all(
  log: { row: (n: number) => import('./log-rows.ts').Row | undefined },
  facts: { first: number; end: number },
) {
  for (let n = facts.first; n < facts.end; n++) {
    const row = log.row(n)
    if (row) yield row
  }
}

async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(said)
  } catch {
    toast('This browser did not allow copying.')
  }
}
