import { messageOf } from '@tandem/shared'
import { useEffect, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { pairsBetween, type Pair } from './compare.ts'

export type Since = { pairs: readonly Pair[] | undefined; trouble: string | undefined; again: () => void }

/** Which files differ between a version and now; `head` says that there is a newer now. */
export function useSince(version: number | undefined, head: number): Since {
  const { history } = useSession()
  const [attempt, setAttempt] = useState(0)
  const [found, setFound] = useState<{ version: number; pairs?: readonly Pair[]; trouble?: string }>()
  useEffect(() => {
    if (version === undefined) return
    const ending = new AbortController()
    history.diff(version, 'head', ending.signal).then(
      (answer) => setFound({ version, pairs: pairsBetween(answer) }),
      (e: unknown) => {
        if (ending.signal.aborted) return
        // What was found before is better than nothing: it may be of a moment ago.
        setFound((held) => (held?.version === version && held.pairs ? held : { version, trouble: messageOf(e) }))
      },
    )
    return () => ending.abort()
  }, [history, version, head, attempt])
  const current = found?.version === version ? found : undefined
  return { pairs: current?.pairs, trouble: current?.trouble, again: () => setAttempt(attempt + 1) }
}
