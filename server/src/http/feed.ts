import { TandemError, encodeFeedFrame, mayRead, parseDocPath, type Claims, type FeedFrame } from '@tandem/shared'
import { Hono } from 'hono'
import { claimsOf } from './claims.ts'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { streamOf } from './stream.ts'
import { requireRole } from './who.ts'

/**
 * `GET …/feed?since=<generation>.<seq>`: which documents moved since then, and then as it happens, as binary frames
 * [LOG-3]. `at` first says where it starts (0 where the cursor is of another generation), then come `moved` in order of
 * seq, and a second `at` says that the past is told; after that it is live, with pings. A cursor is the last seq heard.
 */
export function feedRoute(deps: HttpDeps): Hono<Env> {
  const { workspace, settings, signal } = deps
  return new Hono<Env>().get('/', requireRole(deps, 'viewer'), (c) => {
    const since = readCursor(c.req.query('since'), workspace.generation, deps.updates.head())
    const ended = AbortSignal.any([signal, c.req.raw.signal])
    const frames = feed(deps, c.var.caller, since, settings.pingMs, ended)
    return c.body(streamOf(frames, encodeFeedFrame), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store',
    })
  })
}

function readCursor(raw: string | undefined, generation: number, head: number): number {
  if (raw === undefined || raw === '') return 0
  const [, g, seq] = /^(\d{1,10})\.(\d{1,15})$/.exec(raw) ?? []
  if (g === undefined || seq === undefined)
    throw new TandemError('bad-request', { reason: 'since is <generation>.<seq>' })
  return Number(g) === generation && Number(seq) <= head ? Number(seq) : 0
}

async function* feed(
  { workspace, updates, clock }: HttpDeps,
  caller: Caller,
  since: number,
  pingMs: number,
  ended: AbortSignal,
): AsyncGenerator<FeedFrame> {
  const { generation } = workspace
  const isVisible = visibleTo(claimsOf(workspace, caller))
  let moved: Moved = new Map()
  let wake = () => {}
  // Listening starts before the past is read, so that nothing falls between.
  const stop = updates.onAppend(({ doc, seq }) => {
    if (!isVisible(doc)) return
    note(moved, doc, seq)
    wake()
  })
  const onEnd = () => wake()
  ended.addEventListener('abort', onEnd)
  try {
    yield { t: 'at', generation, seq: since }
    const head = updates.head()
    const past: Moved = new Map()
    for await (const { seq, doc } of updates.heads({ after: since, upTo: head })) {
      if (ended.aborted) return
      if (isVisible(doc)) note(past, doc, seq)
    }
    yield* told(past)
    yield { t: 'at', generation, seq: head }
    while (!ended.aborted) {
      if (moved.size === 0) {
        const cancel = clock.after(pingMs, () => wake())
        await new Promise<void>((resolve) => (wake = resolve))
        cancel()
      }
      if (ended.aborted) return
      if (moved.size === 0) yield { t: 'ping' }
      const now = moved
      moved = new Map()
      yield* told(now)
    }
  } finally {
    stop()
    ended.removeEventListener('abort', onEnd)
  }
}

/** What moved and was not told yet, in order of seq: a slow reader costs one entry a document, however often it moves. */
type Moved = Map<string, number>

function note(moved: Moved, doc: string, seq: number): void {
  moved.delete(doc)
  moved.set(doc, seq)
}

function* told(moved: Moved): Generator<FeedFrame> {
  for (const [doc, seq] of moved) yield { t: 'moved', seq, doc }
}

/** A person's own documents are told to that person alone. */
function visibleTo(claims: Claims): (doc: string) => boolean {
  return (doc) => {
    const ref = parseDocPath(doc)
    return ref !== undefined && mayRead(ref, claims)
  }
}
