import { type Clock, type HistoryPage, isTandemError, messageOf } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import { createState } from '../session/state.ts'
import { withNewest, withOlder, type Loaded } from './merge-page.ts'

/** While others type, every key is a version: the list asks again no more often than this. */
const refreshEveryMs = 2_000

export type TimelineState = Loaded & {
  /** The workspace's version when the newest page was made. */
  version: number
  /** Whether an answer has come at all. */
  isLoaded: boolean
  isLoadingOlder: boolean
  /** Why the last request failed, in words; `offline` is said elsewhere. */
  trouble: string | undefined
}

type Deps = { ask: (cursor: string | undefined, signal: AbortSignal) => Promise<HistoryPage>; clock: Clock }

/** The steps of a workspace or a file as far as they are loaded, kept up to date at the top. */
export function createTimeline({ ask, clock }: Deps) {
  const state = createState<TimelineState>({
    steps: [],
    cursor: undefined,
    version: 0,
    isLoaded: false,
    isLoadingOlder: false,
    trouble: undefined,
  })
  const failed = (e: unknown, signal: AbortSignal) => {
    if (!signal.aborted) state.patch({ trouble: isTandemError(e, 'offline') ? undefined : messageOf(e) })
  }
  const refresh = async (signal: AbortSignal) => {
    try {
      const page = await ask(undefined, signal)
      if (signal.aborted) return
      const { version } = page
      state.patch({ ...withNewest(state.snapshot(), page), version, isLoaded: true, trouble: undefined })
    } catch (e) {
      failed(e, signal)
    }
  }
  return {
    state: state as View<TimelineState>,
    refresh,
    /** Loads what is older, once at a time. */
    older: async (signal: AbortSignal) => {
      const { cursor, isLoadingOlder } = state.snapshot()
      if (cursor === undefined || isLoadingOlder) return
      state.patch({ isLoadingOlder: true })
      try {
        const page = await ask(cursor, signal)
        // A refresh that began the list anew makes this page one from elsewhere.
        if (state.snapshot().cursor === cursor)
          state.patch({ ...withOlder(state.snapshot(), page), trouble: undefined })
      } catch (e) {
        failed(e, signal)
      }
      state.patch({ isLoadingOlder: false })
    },
    /** Refreshes now, and whenever `news` changes, until the signal aborts. */
    follow: (news: View<unknown>, signal: AbortSignal) => {
      let seen = news.snapshot()
      let isResting = false
      const run = () => {
        seen = news.snapshot()
        isResting = true
        void refresh(signal)
        const cancel = clock.after(refreshEveryMs, () => {
          isResting = false
          look()
        })
        signal.addEventListener('abort', cancel, { once: true })
      }
      const look = () => {
        if (!isResting && !signal.aborted && news.snapshot() !== seen) run()
      }
      signal.addEventListener('abort', news.subscribe(look), { once: true })
      run()
    },
  }
}

export type Timeline = ReturnType<typeof createTimeline>
