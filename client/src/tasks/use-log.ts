import type { Id, TaskOutput } from '@tandem/shared'
import { openTaskLog, readLogSegment } from '@tandem/shared/docs'
import { useEffect, useMemo, useState } from 'react'
import { ask } from '../session/call.ts'
import { blobUrl } from '../session/blob-texts.ts'
import { useDoc, useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { noRows, openLiveLog, openWholeLog, textLog, type Log, type LogFacts } from './log.ts'

/** A part of an output over a slow line. */
const withinMs = 60_000

export type Output = {
  log: Log
  facts: LogFacts
  /** Only the end that the record holds is here: its rows are not at their places in the output. */
  isEndOnly: boolean
  /** Asks once more for what did not come; undefined where there is nothing to ask for. */
  again: (() => void) | undefined
}

type Attempt = {
  taskId: Id
  attempt: number
  /** As the record has it, once the attempt has ended. */
  output: Pick<TaskOutput, 'segments'> | undefined
  tail: string | undefined
}

/**
 * An attempt's output, wherever it lies: in the live document while there is one, in the parts of the whole once it is
 * put away, and until either has come the end that the record holds. Who saw all of it live keeps looking at that.
 */
export function useLog({ taskId, attempt, output, tail }: Attempt): Output {
  const live = useLive(taskId, attempt, output?.segments !== undefined)
  const liveFacts = useView(live)
  const isWholeHere = liveFacts.end > 0 && liveFacts.missing === 0
  const whole = useWhole(isWholeHere ? undefined : output?.segments)
  const wholeFacts = useView(whole ?? noRows)
  const kept = useMemo(() => (tail === undefined ? noRows : textLog(tail)), [tail])
  const keptFacts = useView(kept)
  const again = wholeFacts.trouble === undefined ? undefined : whole?.again

  if (whole && (wholeFacts.parts === undefined || (wholeFacts.end > 0 && wholeFacts.trouble !== undefined)))
    return { log: whole, facts: wholeFacts, isEndOnly: false, again }
  // Before the first part is asked for, all of them are still to come.
  const total = isWholeHere || whole ? 0 : (output?.segments?.length ?? 0)
  const { parts = total > 0 ? { done: 0, total } : undefined, trouble } = wholeFacts
  if (liveFacts.end > 0) return { log: live, facts: { ...liveFacts, parts, trouble }, isEndOnly: false, again }
  return { log: kept, facts: { ...keptFacts, parts, trouble }, isEndOnly: keptFacts.end > 0, again }
}

/** The live document; one that was put away before anybody looked is not asked for. */
function useLive(taskId: Id, attempt: number, isPutAway: boolean): Log {
  const [wasPutAway] = useState(isPutAway)
  const handle = useDoc(wasPutAway ? undefined : { kind: 'log', taskId, attempt })
  const [log, setLog] = useState<Log>(noRows)
  useEffect(() => {
    if (!handle) return
    const opened = openLiveLog(openTaskLog(handle.doc))
    setLog(opened)
    return opened.close
  }, [handle])
  return log
}

function useWhole(segments: TaskOutput['segments']) {
  const { workspaceId } = useSession().place
  const [log, setLog] = useState<ReturnType<typeof openWholeLog>>()
  // The record is parsed anew at each change; its parts are the same as long as their names are.
  const names = segments?.map(({ blob }) => blob).join(' ')
  useEffect(() => {
    if (names === undefined) return
    const parts = names === '' ? [] : names.split(' ').map((blob) => ({ blob }))
    const opened = openWholeLog(parts, async ({ blob }, signal) => {
      const answer = await ask('GET', blobUrl(workspaceId, blob), undefined, { signal, withinMs })
      return readLogSegment(new Uint8Array(await answer.arrayBuffer()))
    })
    setLog(opened)
    return () => {
      opened.close()
      setLog(undefined)
    }
  }, [names, workspaceId])
  return log
}
