import { createId, type FromDaemon, type Id, type Settings, type TaskResult, type ToDaemon } from '@tandem/shared'
import { onTestFinished } from 'vitest'
import { refereeForTest } from './in-memory.suite.ts'
import type { Referee } from './referee.ts'

const argsHash = 'a1'
type Hello = Extract<FromDaemon, { t: 'hello' }>

/** A daemon that says only what the test makes it say. */
export async function daemonOf(t: ReturnType<typeof refereeForTest>, referee: Referee, id = createId()) {
  const bootId = createId()
  let n = 0
  const said = <T extends ToDaemon['t']>(kind: T) =>
    t.sent.flatMap(({ to, message }) =>
      to === id && message.t === kind ? [message as Extract<ToDaemon, { t: T }>] : [],
    )
  const hello = (more: Partial<Hello> = {}) =>
    referee.onMessage(id, { t: 'hello', protocol: 1, bootId, mono: 0, slots: 3, running: [], lastGrantSeq: 0, ...more })
  await referee.onConnected(id, 'laptop')
  await hello()
  return {
    id,
    bootId,
    hello,
    said,
    claim: async (task: Id) => {
      await referee.onMessage(id, { t: 'claim', n: ++n, task, mono: 7 })
      return said('grant').find((g) => g.n === n) ?? said('no-grant').find((g) => g.n === n)
    },
    report: (
      task: Id,
      attempt: number,
      state: Extract<FromDaemon, { t: 'report' }>['state'],
      exitCode?: number,
      more: TaskResult = {},
    ) =>
      referee.onMessage(id, {
        t: 'report',
        n: ++n,
        task,
        attempt,
        state,
        ...(exitCode === undefined ? {} : { result: { exitCode, ...more } }),
      }),
    ask: (task: Id, hash = argsHash) =>
      referee.onMessage(id, {
        t: 'ask',
        n: ++n,
        task,
        argsHash: hash,
        summary: 'rm -r x',
        reason: 'unknown command',
        risk: 'high',
      }),
    refuse: (task: Id) =>
      referee.onMessage(id, { t: 'refuse', n: ++n, task, code: 'command-denied', reason: "command 'x' not allowed" }),
  }
}

/** A referee with one daemon, and somebody who asks. */
export async function setUp(settings: Partial<Settings> = {}) {
  const t = refereeForTest(settings)
  const referee = t.start()
  const { ask, by } = t.asks(referee)
  const daemon = await daemonOf(t, referee)
  return { ...t, referee, ask, by, daemon }
}

/** As `setUp`, with a referee that watches the clock until the test has ended. */
export async function watched(settings: Partial<Settings> = {}) {
  const t = await setUp(settings)
  const stop = new AbortController()
  const done = t.referee.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await done
  })
  return t
}

/** Lets the time pass in the referee's own steps, each with its turn. */
export async function pass(clock: { advance(ms: number): void }, ms: number) {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000)
    for (let i = 0; i < 8; i++) await Promise.resolve()
  }
}
