import {
  createId,
  encodeBulkFrame,
  encodeFeedFrame,
  silentLog,
  systemClock,
  TandemError,
  type AccessToken,
  type FeedFrame,
} from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createBulk } from './bulk.ts'
import { persistently } from './persistently.ts'
import { followFeed, readFeed } from './feed.ts'
import { createTokens } from './token.ts'

const never = new AbortController().signal

test('[S48] one token serves all who ask, and is fetched anew before the server asks for it', async () => {
  const clock = fakeClock(1_000_000)
  const id = createId()
  let fetched = 0
  const answer = (): AccessToken => ({
    token: `t${++fetched}`,
    // The server's clock is an hour ahead of ours.
    serverTime: clock.now() + 3_600_000,
    expiresAt: clock.now() + 3_600_000 + 300_000,
    claims: { kind: 'daemon', principal: id, name: 'd', role: 'runner', workspaceId: id, epoch: id, session: id },
    workspace: { id, name: 'w', epoch: id, generation: 1, seq: 0, role: 'runner' },
  })
  const http = { call: async () => Response.json(answer()) }
  const tokens = createTokens({ http, apiKey: 'k', workspaceId: id, daemon: { id, name: 'd' }, session: id, clock })
  expect(await Promise.all([tokens.get(), tokens.get(), tokens.get()])).toEqual(['t1', 't1', 't1'])
  clock.advance(220_000)
  expect(await tokens.get()).toBe('t1')
  // At 80 % of its life (240 s) the server wants another: by then there is one.
  clock.advance(10_000)
  expect(await tokens.get()).toBe('t2')
  tokens.forget()
  expect(await tokens.get()).toBe('t3')
})

const stream = (frames: readonly FeedFrame[], end: 'close' | 'hang' = 'close') =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const frame of frames) controller.enqueue(encodeFeedFrame(frame))
        if (end === 'close') controller.close()
      },
    }),
  )

test('the feed goes on where it was lost', async () => {
  const asked: (string | undefined)[] = []
  const answers: (() => Response)[] = [
    () => stream([{ t: 'at', generation: 2, seq: 0 }, { t: 'moved', seq: 5, doc: 'file/a' }, { t: 'ping' }]),
    () => {
      throw new TandemError('offline')
    },
    () =>
      stream(
        [
          { t: 'at', generation: 2, seq: 5 },
          { t: 'moved', seq: 9, doc: 'file/b' },
        ],
        'hang',
      ),
  ]
  const stop = new AbortController()
  const open = async (since: string | undefined) => {
    asked.push(since)
    return (answers[asked.length - 1] as () => Response)()
  }
  const clock = { ...systemClock, after: (ms: number, call: () => void) => systemClock.after(Math.min(ms, 20), call) }
  const told: string[] = []
  for await (const { cursor, doc } of followFeed(
    {
      open,
      clock: { ...clock, after: (ms, call) => (ms >= 5_000 ? () => {} : clock.after(ms, call)) },
      log: silentLog,
      deadMs: 5_000,
    },
    undefined,
    stop.signal,
  )) {
    told.push(`${cursor} ${doc ?? ''}`)
    if (doc === 'file/b') break
  }
  expect(told).toEqual(['2.0 ', '2.5 file/a', '2.5 ', '2.9 file/b'])
  expect(asked).toEqual([undefined, '2.5', '2.5'])
})

test('a feed that falls silent is opened anew', async () => {
  const clock = fakeClock()
  let opened = 0
  const open = async (_: string | undefined, signal: AbortSignal) => {
    opened++
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(encodeFeedFrame({ t: 'at', generation: 1, seq: opened }))
          signal.addEventListener('abort', () => controller.error(signal.reason))
        },
      }),
    )
  }
  const stop = new AbortController()
  const events = followFeed({ open, clock, log: silentLog, deadMs: 5_000 }, undefined, stop.signal)
  const first = events.next()
  clock.advance(0)
  expect((await first).value).toEqual({ cursor: '1.1', seq: 1 })
  const second = events.next()
  clock.advance(5_000)
  while (opened < 2) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(200)
  }
  expect((await second).value).toEqual({ cursor: '1.2', seq: 2 })
  stop.abort()
})

test('what moved until now ends with the second mark', async () => {
  const frames: FeedFrame[] = [
    { t: 'at', generation: 1, seq: 3 },
    { t: 'moved', seq: 4, doc: 'file/a' },
    { t: 'at', generation: 1, seq: 7 },
    { t: 'moved', seq: 8, doc: 'file/later' },
  ]
  const told = await readFeed(async () => stream(frames, 'hang'), '1.3', never)
  expect(told).toMatchObject([{ cursor: '1.3' }, { cursor: '1.4', doc: 'file/a' }, { cursor: '1.7' }])
})

test('thousands of documents go in batches, two at a time, each tried again until it arrives', async () => {
  let [busy, most, calls] = [0, 0, 0]
  const sizes: number[] = []
  const call = async (_route: string, init: RequestInit) => {
    most = Math.max(most, ++busy)
    await new Promise((resolve) => setImmediate(resolve))
    busy--
    if (++calls === 2) throw new TandemError('offline')
    sizes.push((init.body as Uint8Array).length)
    return Response.json({ created: 1, updated: 0, existing: [], refused: [], seq: calls })
  }
  const clock = { ...systemClock, after: (_: number, done: () => void) => systemClock.after(0, done) }
  const bulk = createBulk({ call, persist: persistently({ clock, log: silentLog }) })
  const frames = Array.from({ length: 901 }, (_, i) => ({ doc: `file/${i}`, update: Uint8Array.of(1, 2, 3) }))
  expect((await bulk.put('absent', frames, undefined, never)).seq).toBe(6)
  expect(most).toBe(2)
  expect(sizes).toHaveLength(5)
  expect(sizes.reduce((a, b) => a + b)).toBe(frames.map(encodeBulkFrame).reduce((n, f) => n + f.length, 0))
})

test('what the server refuses for good is not tried again', async () => {
  const call = async () => {
    throw new TandemError('forbidden')
  }
  const bulk = createBulk({ call, persist: persistently({ clock: systemClock, log: silentLog }) })
  await expect(bulk.read(['file/x'], never)).rejects.toMatchObject({ code: 'forbidden' })
})

test('[LOG-97] where one batch is refused for good, nothing of the others is under way any more when that is known', async () => {
  const slow = Promise.withResolvers<void>()
  let [calls, ended] = [0, 0]
  const call = async () => {
    if (++calls === 1) throw new TandemError('forbidden')
    await slow.promise
    ended++
    return Response.json({ created: 0, updated: 200, existing: [], refused: [], seq: 1 })
  }
  const bulk = createBulk({ call, persist: persistently({ clock: systemClock, log: silentLog }) })
  const frames = Array.from({ length: 901 }, (_, i) => ({ doc: `file/${i}`, update: Uint8Array.of(1, 2, 3) }))
  const put = bulk.put('update', frames, undefined, never).then(
    () => 'taken',
    () => `refused with ${calls - 1 - ended} under way`,
  )
  await new Promise((resolve) => setImmediate(resolve))
  slow.resolve()
  expect(await put).toBe('refused with 0 under way')
  expect(calls).toBe(2)
})
