import type { Id } from '@tandem/shared'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { mergeViews } from '../session/merge-views.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { createTimeline, type TimelineState } from './timeline.ts'

type Filter = { file: Id | undefined; author: Id | undefined }

/** The steps of a workspace or file, as long as the component shows them: what comes refreshes the top. */
export function useTimeline({ file, author }: Filter): TimelineState & { older: () => void; again: () => void } {
  const session = useSession()
  const timeline = useMemo(
    () =>
      createTimeline({
        ask: (cursor, signal) => session.history.page({ file, author }, cursor, signal),
        clock: session.clock,
      }),
    [session, file, author],
  )
  const ending = useRef<AbortController>(undefined)
  useEffect(() => {
    const own = new AbortController()
    ending.current = own
    // A new version is news, and so is a connection that is back.
    timeline.follow(mergeViews([session.words, session.link]), own.signal)
    return () => own.abort()
  }, [timeline, session])
  const state = useView(timeline.state)
  const within = useCallback((work: (signal: AbortSignal) => Promise<void>) => {
    if (ending.current) void work(ending.current.signal)
  }, [])
  return {
    ...state,
    older: useCallback(() => within(timeline.older), [within, timeline]),
    again: useCallback(() => within(timeline.refresh), [within, timeline]),
  }
}
