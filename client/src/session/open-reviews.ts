import type { Decision, Id, ReviewHunk } from '@tandem/shared'
import { cachedView, openReview, openRun, type View } from '@tandem/shared/docs'
import type { Session } from './session.ts'

/** So many runs are looked at: those that came last. */
const maxRuns = 20

export type RunReview = {
  run: Id
  hunks: ReadonlyMap<string, ReviewHunk>
  decisions: ReadonlyMap<string, Decision>
}
export type OpenReviews = View<readonly RunReview[]> & { close(): void }

/** What the last runs changed and what people decided about it, live, with their documents open until `close`. */
export function openReviews(session: Pick<Session, 'tasks' | 'open'>): OpenReviews {
  const open = new Map<Id, { read: () => RunReview; close: () => void }>()
  let changed = () => {}
  const look = () => {
    const wanted = [...session.tasks.snapshot().values()]
      .filter(({ payload, attempt }) => payload.kind === 'agent' && attempt > 0)
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .slice(0, maxRuns)
    const ids = new Set(wanted.map(({ id }) => id))
    for (const [id, { close }] of open) {
      if (ids.has(id)) continue
      close()
      open.delete(id)
    }
    for (const id of ids) {
      if (open.has(id)) continue
      const [changes, decided] = [session.open({ kind: 'run', runId: id }), session.open({ kind: 'review', runId: id })]
      const { hunks } = openRun(changes.doc)
      const review = openReview(decided.doc)
      const stops = [hunks.subscribe(() => changed()), review.subscribe(() => changed())]
      open.set(id, {
        read: () => ({ run: id, hunks: hunks.snapshot(), decisions: review.snapshot() }),
        close: () => {
          for (const stop of stops) stop()
          changes.release()
          decided.release()
        },
      })
    }
    changed()
  }
  const view = cachedView<readonly RunReview[]>(
    () => [...open.values()].map(({ read }) => read()),
    (wake) => {
      changed = wake
    },
  )
  const stop = session.tasks.subscribe(() => queueMicrotask(look))
  look()
  return {
    ...view,
    close: () => {
      stop()
      for (const { close } of open.values()) close()
      open.clear()
    },
  }
}
