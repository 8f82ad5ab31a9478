import {
  isTandemError,
  parseDocPath,
  wait,
  type Clock,
  type DocKind,
  type DocRef,
  type Log,
  type Task,
} from '@tandem/shared'
import { openRequests, type Records } from '@tandem/shared/docs'
import type { BlobStore, PassingBlobs } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Documents } from '../sync/documents.ts'

const dayMs = 24 * 3_600_000
/** What nobody needs any more goes after this long, ms. */
const keepMs = 30 * dayMs
/** So many documents at once, then a pause, so that nobody has to wait for it. */
const stepDocs = 20
const pauseMs = 200

/** Documents whose past nobody looks at: only what they say now is kept. */
const pastless: ReadonlySet<DocKind> = new Set(['requests', 'tasks', 'ops', 'daemon', 'log', 'presence', 'user'])

type Deps = {
  updates: Pick<UpdateLog, 'names' | 'stat' | 'entries' | 'squash'>
  blobs: Pick<BlobStore, 'tidy'>
  outputs: Pick<PassingBlobs, 'tidy' | 'expire'>
  documents: Pick<Documents, 'peek' | 'drop'>
  tasks: Pick<Records<Task>, 'get' | 'snapshot'>
  clock: Clock
  log: Log
}

/**
 * Keeps the log from growing with what nobody looks at: at the start and once a day, a few documents at a time, the
 * past of requests, tasks, logs and the like is forgotten, after a day uploads that nobody went on with, and after a
 * month the emptied requests of sessions that are gone, the logs of tasks that are done, and what tasks left that no
 * record names any more. Settles when the signal aborted and nothing is under way any more.
 */
export async function runTidying(deps: Deps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps
  while (!signal.aborted) {
    try {
      log.info('the log was tidied', await tidy(deps, signal))
    } catch (error) {
      // A store that fails says so itself, and tomorrow is another day.
      if (!signal.aborted) log.warn('the log was not tidied', { error })
    }
    await wait(clock, dayMs, signal).catch(() => {
      // Aborted: the loop ends.
    })
  }
}

async function tidy(
  deps: Deps,
  signal: AbortSignal,
): Promise<Record<'squashed' | 'dropped' | 'uploads' | 'outputs', number>> {
  const { updates, blobs, outputs, documents, tasks, clock } = deps
  const uploads = (await blobs.tidy(clock.now() - dayMs)) + (await outputs.tidy(clock.now() - dayMs))
  const named = new Set([...tasks.snapshot().values()].flatMap(blobsOf))
  const expired = await outputs.expire(clock.now() - keepMs, (hash) => named.has(hash))
  const done = { squashed: 0, dropped: 0, uploads, outputs: expired }
  let looked = 0
  for (const name of updates.names('')) {
    const ref = parseDocPath(name)
    if (!ref || !pastless.has(ref.kind)) continue
    if (++looked % stepDocs === 0) await wait(clock, pauseMs, signal)
    signal.throwIfAborted()
    try {
      if ((await mayGo(ref, name, deps)) && (await documents.drop(ref))) done.dropped += 1
      else if (await updates.squash(name)) done.squashed += 1
    } catch (e) {
      // One that is damaged stays as it is: told when it is opened.
      if (!isTandemError(e, 'store-corrupt')) throw e
    }
  }
  return done
}

async function mayGo(ref: DocRef, name: string, { updates, documents, tasks, clock }: Deps): Promise<boolean> {
  const before = clock.now() - keepMs
  if (ref.kind === 'log') {
    const task = tasks.get(ref.taskId)
    return task ? (task.completedAt ?? Infinity) < before : (await changedAt(updates, name)) < before
  }
  if (ref.kind !== 'requests' || (await changedAt(updates, name)) >= before) return false
  return (await documents.peek(ref, (doc) => openRequests(doc).isEmpty())) ?? false
}

/** What a task left at the server. */
const blobsOf = ({ attempts, result }: Task): string[] =>
  [...attempts.map(({ output }) => output), result?.output]
    .flatMap((output) => output?.segments?.map(({ blob }) => blob) ?? [])
    .concat(result?.artifacts?.map(({ blob }) => blob) ?? [])

/** When a document last changed, ms. */
async function changedAt(updates: Pick<UpdateLog, 'entries'>, name: string): Promise<number> {
  for await (const { at } of updates.entries(name, { reverse: true })) return at
  return Infinity
}
