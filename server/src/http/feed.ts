import {
  encodeFeedFrame,
  isTandemError,
  joined,
  mayRead,
  parseDocPath,
  type Claims,
  type FeedFrame,
} from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import { claimsOf } from './claims.ts'
import { readCursor } from './cursor.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { streamOf } from './stream.ts'
import { endOf, identify, requireRole } from './who.ts'

const FeedQuery = z.object({ since: z.string().max(40).optional() })

/** Frames that go out as one piece. */
const pieceFrames = 1_000

/**
 * `GET …/feed?since=<generation>.<seq>`: which documents moved since then, and then as it happens, as binary frames
 * [LOG-3]. `at` first says where it starts (0 where the cursor is of another generation), then come `moved` in order of
 * seq, and a second `at` says that the past is told; after that it is live, with pings. A cursor is the last seq heard.
 * It ends when its caller may no longer be here; whoever still may comes again with the cursor.
 */
export function feedRoute(deps: HttpDeps): Hono<Env> {
  const { workspace, settings } = deps
  const callerOf = identify(deps)
  return new Hono<Env>().get(
    '/',
    describe({
      tag: 'Documents',
      summary: 'Which documents moved, from any version on and live',
      more: 'Frames (see shared/src/protocol/frames.ts). `since` is `<generation>.<seq>`, the last one heard; without it everything is told.',
      query: FeedQuery,
      answers: { 200: 'bytes' },
    }),
    requireRole(deps, 'viewer'),
    (c) => {
      const cursor = readCursor(c.req.query('since'))
      const isKnown = cursor?.generation === workspace.generation && cursor.seq <= deps.updates.head()
      const since = isKnown ? cursor.seq : 0
      const ended = endOf(deps, c)
      const { principal } = c.var.caller
      const who = async (): Promise<Claims | undefined> => {
        try {
          return claimsOf(workspace, await callerOf(c))
        } catch (e) {
          if (!isTandemError(e)) throw e
          // Expired, withdrawn, or no longer a member.
          return undefined
        }
      }
      const frames = deps.streams.count(principal, feed(deps, { who, since, pingMs: settings.pingMs, ended }))
      return c.body(
        streamOf(frames, (some) => joined(some.map(encodeFeedFrame))),
        200,
        { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
      )
    },
  )
}

type Feed = {
  /** The caller as of now; undefined once it may no longer be here. */
  who: () => Promise<Claims | undefined>
  since: number
  pingMs: number
  ended: AbortSignal
}

async function* feed(
  { workspace, updates, clock }: HttpDeps,
  { who, since, pingMs, ended }: Feed,
): AsyncGenerator<FeedFrame[]> {
  const { generation } = workspace
  let moved: Moved = new Map()
  let wake = () => {}
  // Listening starts before the past is read, so that nothing falls between.
  const stop = updates.onAppend(({ doc, seq }) => {
    note(moved, doc, seq)
    wake()
  })
  const onEnd = () => wake()
  ended.addEventListener('abort', onEnd)
  try {
    let claims = await who()
    let [askedAt, saidAt] = [clock.now(), clock.now()]
    if (!claims) return
    yield [{ t: 'at', generation, seq: since }]
    const head = updates.head()
    const past: Moved = new Map()
    for await (const { seq, doc } of updates.heads({ after: since, upTo: head })) {
      if (ended.aborted) return
      note(past, doc, seq)
    }
    yield* told(past, claims)
    yield [{ t: 'at', generation, seq: head }]
    while (!ended.aborted) {
      if (moved.size === 0) {
        const cancel = clock.after(pingMs, () => wake())
        await new Promise<void>((resolve) => (wake = resolve))
        cancel()
      }
      if (ended.aborted) return
      if (clock.now() - askedAt >= pingMs) {
        claims = await who()
        askedAt = clock.now()
        if (!claims) return
      }
      const now = moved
      moved = new Map()
      for (const frames of told(now, claims)) {
        yield frames
        saidAt = clock.now()
      }
      if (clock.now() - saidAt < pingMs) continue
      yield [{ t: 'ping' }]
      saidAt = clock.now()
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

/** A person's own documents are told to that person alone. */
function* told(moved: Moved, claims: Claims): Generator<FeedFrame[]> {
  let frames: FeedFrame[] = []
  for (const [doc, seq] of moved) {
    const ref = parseDocPath(doc)
    if (!ref || !mayRead(ref, claims)) continue
    frames.push({ t: 'moved', seq, doc })
    if (frames.length < pieceFrames) continue
    yield frames
    frames = []
  }
  if (frames.length > 0) yield frames
}
