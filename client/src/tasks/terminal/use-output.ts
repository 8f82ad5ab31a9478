import { messageOf, type Id, type TaskOutput } from '@tandem/shared'
import { openTaskLog, readLogSegment, type TerminalDrive, type View } from '@tandem/shared/docs'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { blobUrl } from '../../session/blob-texts.ts'
import { ask } from '../../session/call.ts'
import { useDoc, useSession } from '../../session/session-context.ts'
import { useView } from '../../session/use-view.ts'
import { createFeed, followChunks } from './feed.ts'
import type { Screen } from './screen.ts'

/** A part of an output over a slow line. */
const withinMs = 60_000

type Options = {
  taskId: Id
  attempt: number
  output: Pick<TaskOutput, 'segments'> | undefined
  screen: Screen | undefined
}

/**
 * Writes an attempt's output to its screen: as it comes, or, where it was put away before anybody looked, part by part
 * from the beginning. Who watched it to its end keeps what they saw.
 */
export function useOutput({ taskId, attempt, output, screen }: Options) {
  const { workspaceId } = useSession().place
  const [putAway] = useState(output?.segments?.map(({ blob }) => blob))
  const handle = useDoc(putAway ? undefined : { kind: 'log', taskId, attempt })
  const log = useMemo(() => handle && openTaskLog(handle.doc), [handle])
  const drive = useView(log?.terminal ?? nobody)
  const [trouble, setTrouble] = useState<string>()
  const [tries, setTries] = useState(0)
  const feed = useRef<ReturnType<typeof createFeed>>(undefined)

  useEffect(() => {
    if (!screen || !log || !handle) return
    feed.current = createFeed(screen.write)
    return followChunks(log, feed.current, () => handle.state.snapshot().synced)
  }, [screen, log, handle])
  useEffect(() => {
    if (!screen || !putAway) return
    const ending = new AbortController()
    const { signal } = ending
    const old = createFeed(screen.write)
    const fetchAll = async () => {
      for (const blob of putAway) {
        const answer = await ask('GET', blobUrl(workspaceId, blob), undefined, { signal, withinMs })
        const chunks = readLogSegment(new Uint8Array(await answer.arrayBuffer()))
        for (let full; !signal.aborted && (full = old.take(chunks, true));) await full
      }
    }
    screen.terminal.reset()
    fetchAll().then(
      () => signal.aborted || setTrouble(undefined),
      (e: unknown) => signal.aborted || setTrouble(messageOf(e)),
    )
    return () => ending.abort()
    // Each try begins anew.
  }, [screen, putAway, workspaceId, tries])
  return {
    drive,
    /** Whether the screen reads what is written now, rather than what was before we looked. */
    isLive: useCallback(() => feed.current?.isLive() ?? false, []),
    /** Why the rest did not come. */
    trouble,
    again: () => setTries(tries + 1),
  }
}

const nobody: View<TerminalDrive | undefined> = { snapshot: () => undefined, subscribe: () => () => {} }
