import { type Id, TandemError } from '@tandem/shared'
import {
  acceptHunks,
  bringBack,
  openReview,
  openRun,
  rejectHunks,
  type Deciding,
  type Left,
  type View,
  when,
} from '@tandem/shared/docs'
import type { DocState } from './open-doc.ts'
import type { Session } from './session.ts'

/** How long a document may take to come before a decision is made without it. */
const comeWithinMs = 5_000
/** Without a connection it comes from this device, or not at all. */
const comeFromDeviceMs = 500
/** So many other runs are looked at: those that came last. */
const maxOthers = 30

export type Decided = 'accept' | 'reject' | 'back'
type What = {
  decided: Decided
  hunks: Iterable<string>
  /** All of the run: nobody is asked about single ones. */ whole: boolean
}

/**
 * Accepts changes of a run, undoes them, or brings them back; works offline with what is on this device. Answers what
 * could not be done, and why. Throws `offline` where the run itself is not here.
 */
export async function decideHunks(
  session: Session,
  run: Id,
  { decided, hunks, whole }: What,
): Promise<readonly Left[]> {
  const handles: { release(): void }[] = []
  const opened = async (id: Id) => {
    const [changes, review] = [session.open({ kind: 'run', runId: id }), session.open({ kind: 'review', runId: id })]
    handles.push(changes, review)
    // What nobody decided yet may have no document; what is decided without it, and by others meanwhile, comes together.
    await Promise.all([here(session, changes.state), here(session, review.state).catch(() => {})])
    return { hunks: openRun(changes.doc).hunks.snapshot(), review: openReview(review.doc) }
  }
  try {
    const own = await opened(run)
    if (decided === 'accept') {
      acceptHunks({ review: own.review, now: session.serverNow() }, hunks)
      return []
    }
    const others = await Promise.allSettled(otherRuns(session, run).map(opened))
    const files = new Set([...own.hunks.values()].map(({ file }) => file))
    const deciding: Deciding = {
      ...own,
      elsewhere: others.flatMap((each) =>
        each.status === 'fulfilled' && [...each.value.hunks.values()].some(({ file }) => files.has(file))
          ? [each.value]
          : [],
      ),
      files: session.files,
      open: async (fileId) => {
        const handle = session.open({ kind: 'file', fileId })
        try {
          await here(session, handle.state)
        } catch (e) {
          handle.release()
          throw e
        }
        return { doc: handle.doc, release: handle.release }
      },
      by: session.identity.snapshot().claims.principal,
      now: session.serverNow(),
    }
    return decided === 'back'
      ? await bringBack(deciding, hunks)
      : await rejectHunks(deciding, hunks, { others: 'kept', spare: whole })
  } finally {
    for (const handle of handles) handle.release()
  }
}

/** Other runs that may have changed the same files, the newest first. */
const otherRuns = (session: Session, run: Id): Id[] =>
  [...session.tasks.snapshot().values()]
    .filter(({ id, payload, attempt }) => payload.kind === 'agent' && id !== run && attempt > 0)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(0, maxOthers)
    .map(({ id }) => id)

/** Resolves once a document is here; throws `offline` where it does not come. */
async function here(session: Session, state: View<DocState>): Promise<void> {
  const late = new AbortController()
  const isOffline = session.link.snapshot().phase === 'offline'
  const offline = new TandemError('offline', { reason: 'this is not on this device yet' })
  const cancel = session.clock.after(isOffline ? comeFromDeviceMs : comeWithinMs, () => late.abort(offline))
  try {
    await when(state, ({ ready, synced }) => ready || synced, late.signal)
  } finally {
    cancel()
  }
}
