import type { Id } from '@tandem/shared'
import { useCallback, useEffect, useState } from 'react'
import { copy } from '../ui/copy.ts'
import type { Log, LogFacts } from './log.ts'
import { placeHash } from './task-link.ts'

type Options = {
  taskId: Id
  attempt: number
  log: Log
  facts: LogFacts
  /** The rows are not at their places in the output: none is looked up in them. */
  isEndOnly: boolean
  /** The byte whose line an address asked for. */
  at: number | undefined
  goTo: (row: number) => void
}

/** The line that was chosen, by a click or by an address, and the link that leads to it. */
export function useLogPlace({ taskId, attempt, log, facts, isEndOnly, at, goTo }: Options) {
  const [chosen, setChosen] = useState<number>()
  const hrefOf = useCallback((at: number) => placeHash({ task: taskId, attempt, at }), [taskId, attempt])
  const link = useCallback(
    (n: number) => {
      const row = log.row(n)
      if (!row) return
      setChosen(n)
      history.replaceState(null, '', hrefOf(row.at))
      void copy(
        location.href,
        row.line === undefined ? 'Copied a link to this line.' : `Copied a link to line ${row.line}.`,
      )
    },
    [log, hrefOf],
  )
  // An address asked for a line: shown once it is here.
  const [awaited, setAwaited] = useState(at)
  const isHere = awaited !== undefined && facts.end > 0 && facts.parts === undefined && !isEndOnly
  useEffect(() => {
    if (!isHere) return
    setAwaited(undefined)
    const row = log.rowAt(awaited)
    setChosen(row)
    goTo(row)
    // oxlint-disable-next-line react/exhaustive-deps -- once, with what is here then
  }, [isHere])
  return {
    chosen,
    choose: setChosen,
    link,
    hrefOf,
    /** Goes to the line that begins at this byte, once the whole is here. */
    awaitLine: setAwaited,
  }
}
