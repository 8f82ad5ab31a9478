import type { Id, TaskOutput as OutputRecord } from '@tandem/shared'
import { ArrowDown } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { copy } from '../ui/copy.ts'
import { asFlag, useRemembered } from '../ui/remembered.ts'
import { useStable } from '../ui/use-stable.ts'
import { LogBar, SearchBar, type LogSwitch } from './log-bar.tsx'
import { plainText } from './log-copy.ts'
import { LogNote } from './log-note.tsx'
import { LogScreen } from './log-screen.tsx'
import { ServerHits } from './server-hits.tsx'
import styles from './tasks.module.css'
import { useLogFind } from './use-log-find.ts'
import { useFolds } from './use-log-parts.ts'
import { useLogPlace } from './use-log-place.ts'
import { useLogWindow } from './use-log-window.ts'
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

/** An attempt's output as it comes: only what is on the screen is rendered, following its end until one scrolls up. */
export function TaskOutput({ taskId, attempt, isOver, output, tail, at }: TaskOutputProps) {
  const session = useSession()
  const isOffline = useView(session.link).phase === 'offline'
  const { log, facts, isEndOnly, again } = useLog({ taskId, attempt, output, tail })
  const [isFollowing, setFollowing] = useState(at === undefined)
  const [wraps, setWraps] = useRemembered('tandem.log.wrap', false, asFlag)
  const [showsTime, setShowsTime] = useRemembered('tandem.log.times', false, asFlag)

  const folds = useFolds(log, facts)
  const {
    isOn: isSearching,
    setOn: setSearching,
    words,
    isPattern,
    input,
    search,
    ...found
  } = useLogFind(log, facts, isOver)
  const view = useLogWindow({ log, facts, hidden: folds.hidden, wraps, isFollowing, onFollow: setFollowing })

  const goTo = (row: number) => {
    setFollowing(false)
    folds.show(row)
    // Once what hid it is open.
    requestAnimationFrame(() => view.reveal(row))
  }
  const { chosen, choose, link, hrefOf, awaitLine } = useLogPlace({ taskId, attempt, log, facts, isEndOnly, at, goTo })
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
    view.scroller.current?.focus()
  }
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
  const fileUrl = `/api/v1/workspaces/${session.place.workspaceId}/tasks/${taskId}/log?attempt=${attempt}`
  const isCut = facts.missing > 0 || output?.truncated === true
  // The bar is not rendered anew with each frame of output.
  const onSwitch = useStable((what: LogSwitch, isOn: boolean) => {
    if (what === 'follow') setFollowing(isOn)
    else if (what === 'wrap') setWraps(isOn)
    else if (what === 'times') setShowsTime(isOn)
    else if (what === 'folds') folds.setAll(isOn)
    else if (isOn) openSearch()
    else closeSearch()
  })
  const onCopy = useStable(() => {
    void copy(plainText(log, facts), isCut ? 'Copied what is here of the output.' : 'Copied the output.')
  })
  const onLink = useStable(() => link(chosen ?? search.current?.row ?? view.firstSeen))
  const { missing, parts, trouble } = facts
  const note = useMemo(
    () => (
      <LogNote
        missing={missing}
        parts={parts}
        trouble={trouble}
        isCut={isCut}
        isOffline={isOffline}
        fileUrl={fileUrl}
        again={again}
      />
    ),
    [missing, parts, trouble, isCut, isOffline, fileUrl, again],
  )
  return (
    <section className={styles.output} aria-label="Output" onKeyDown={onKeyDown}>
      <LogBar
        isEmpty={isEmpty}
        isFollowing={isFollowing}
        wraps={wraps}
        showsTime={showsTime}
        isSearching={isSearching}
        areFoldsShut={folds.count > 0 ? folds.areAllShut : undefined}
        onSwitch={onSwitch}
        onCopy={onCopy}
        onLink={onLink}
        fileUrl={isOffline ? undefined : fileUrl}
      >
        {note}
      </LogBar>
      {isSearching && (
        <SearchBar
          input={input}
          words={words}
          onWords={found.setWords}
          isPattern={isPattern}
          onPattern={found.setPattern}
          isWrong={found.isWrong}
          found={found.says}
          canStep={search.count > 0}
          onStep={step}
          onClose={closeSearch}
        />
      )}
      {isSearching && isOver && !isOffline && facts.parts && words !== '' && !found.isWrong && (
        <ServerHits
          logUrl={fileUrl}
          words={words}
          isPattern={isPattern}
          onGoTo={(at) => {
            awaitLine(at)
            again?.()
          }}
        />
      )}
      <LogScreen
        log={log}
        end={facts.end}
        view={view}
        folds={folds}
        search={search}
        wraps={wraps}
        showsTime={showsTime}
        chosen={chosen}
        hrefOf={hrefOf}
        onToggle={toggleFold}
        onLink={link}
        onChoose={choose}
      >
        {isEmpty && (
          <p className={styles.quiet}>
            {facts.parts ? 'Loading…' : isOver ? 'It wrote nothing.' : 'Nothing written yet.'}
          </p>
        )}
      </LogScreen>
      {!isFollowing && !isOver && (
        <Button className={styles.latest} onClick={() => setFollowing(true)}>
          <ArrowDown size={13} aria-hidden /> Latest output
        </Button>
      )}
    </section>
  )
}
