import { useEffect, useMemo, useState } from 'react'
import { useAttention } from './attention.ts'
import { progressOf, type Progress } from './mirror-progress.ts'

/** What takes less is not worth a word. */
const shownAfterMs = 150

/** What the folders' mirrors are doing that has an end, once it has lasted. */
export function useProgress(): readonly (Progress & { id: string })[] {
  const { mirrors } = useAttention()
  const under = useMemo(
    () =>
      mirrors.flatMap(({ id, name, isHere, state }) => {
        const progress = isHere ? progressOf(state, mirrors.length > 1 ? name : undefined) : undefined
        return progress ? [{ id, ...progress }] : []
      }),
    [mirrors],
  )
  const isUnderWay = under.length > 0
  const [lasted, setLasted] = useState(false)
  useEffect(() => {
    if (!isUnderWay) return setLasted(false)
    const timer = setTimeout(() => setLasted(true), shownAfterMs)
    return () => clearTimeout(timer)
  }, [isUnderWay])
  return lasted ? under : none
}

const none: readonly never[] = []
