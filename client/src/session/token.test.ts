import { createId, silentLog, TandemError, type AccessToken } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createTokens } from './token.ts'

function setUp(answer: (n: number) => Partial<AccessToken>) {
  const clock = fakeClock(1_000_000)
  const place = { workspaceId: createId(), epoch: createId() }
  const claims = {
    kind: 'user',
    principal: createId(),
    name: 'Mira',
    role: 'editor',
    session: createId(),
    ...place,
  } as const
  const workspace = {
    id: place.workspaceId,
    name: 'w',
    epoch: place.epoch,
    generation: 0,
    seq: 1,
    role: 'editor',
  } as const
  let asked = 0
  const tokens = createTokens({
    first: { claims, workspace, signedOut: false, serverAheadMs: 0 },
    token: undefined,
    clock,
    log: silentLog,
    fetch: async () => {
      asked++
      const serverTime = clock.now() + 7_000
      return { token: `t${asked}`, serverTime, expiresAt: serverTime + 300_000, claims, workspace, ...answer(asked) }
    },
  })
  return { clock, tokens, asked: () => asked }
}

test('[S48] a token is used for four fifths of its life, by our own clock, and asked for once at a time', async () => {
  const { clock, tokens, asked } = setUp(() => ({}))
  expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['t1', 't1'])
  clock.advance(239_000)
  expect(await tokens.get()).toBe('t1')
  clock.advance(2_000)
  expect(await tokens.get()).toBe('t2')
  tokens.discard()
  expect(await tokens.get()).toBe('t3')
  expect(asked()).toBe(3)
  expect(tokens.state.snapshot().serverAheadMs).toBe(7_000)
})

test('[UI-48] a refused cookie signs out, an unreachable server does not, and a new sign-in heals', async () => {
  const { tokens } = setUp((n) => {
    if (n === 1) throw new TandemError('offline')
    if (n === 2) throw new TandemError('unauthorized')
    return {}
  })
  await expect(tokens.get()).rejects.toMatchObject({ code: 'offline' })
  expect(tokens.state.snapshot().signedOut).toBe(false)
  await expect(tokens.get()).rejects.toMatchObject({ code: 'unauthorized' })
  expect(tokens.state.snapshot().signedOut).toBe(true)
  await tokens.get()
  expect(tokens.state.snapshot().signedOut).toBe(false)
})

test('[MIR-116] a server that has no such workspace lets nobody in, until it has it again', async () => {
  const { tokens } = setUp((n) => {
    if (n === 1) throw new TandemError('not-found')
    return {}
  })
  await expect(tokens.get()).rejects.toMatchObject({ code: 'not-found' })
  expect(tokens.state.snapshot().signedOut).toBe(true)
  await tokens.get()
  expect(tokens.state.snapshot().signedOut).toBe(false)
})
