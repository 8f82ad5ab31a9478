import { createId, silentLog, type Task } from '@tandem/shared'
import { openTaskLog } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { runAttempt, type AttemptLog, type AttemptPorts } from './attempt.ts'

const task = { id: createId(), attempt: 1, payload: { kind: 'command', command: 'ls' } } as Task
const never = new AbortController().signal

test('[TSK-162] the log of an attempt that is cancelled before it was open is closed all the same', async () => {
  const { promise, resolve } = Promise.withResolvers<AttemptLog>()
  const ports: AttemptPorts = {
    execute: () => Promise.reject(new Error('nothing is to begin')),
    openLog: () => promise,
    barriers: { flush: async () => [], settle: async () => [] },
    begin: () => () => {},
    clock: fakeClock(),
    log: silentLog,
  }
  const stop = new AbortController()
  const onStart = vi.fn()
  const job = { killSignal: never, onProcess: () => () => {}, onTerminal: () => {} }
  const outcome = runAttempt(task, ports, { ...job, stop: stop.signal, giveUp: never, onStart })
  stop.abort('cancelled')
  expect(await outcome).toMatchObject({ state: 'cancelled' })
  const close = vi.fn()
  const seal = () => Promise.reject(new Error('nothing is to be sealed'))
  const spool = { write: () => {}, room: () => undefined, close: async () => {}, seal }
  resolve({ log: openTaskLog(new Y.Doc()), spool, durable: async () => {}, close })
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1))
  expect(onStart).not.toHaveBeenCalled()
})

test('[TSK-223] what a start waits for is waited for at once, and what a report waits for too', async () => {
  const [opened, flushed, settled, durable] = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const asked: string[] = []
  const after = async <T>(what: string, done: Promise<void> | undefined, value: T): Promise<T> => {
    asked.push(what)
    await done
    return value
  }
  const seal = async () => ({ bytes: 0, truncated: false, tail: '', segments: [] })
  const spool = { write: () => {}, room: () => undefined, close: async () => {}, seal }
  const attempt: AttemptLog = {
    log: openTaskLog(new Y.Doc()),
    spool,
    durable: () => after('durable', durable?.promise, undefined),
    close: () => {},
  }
  const ports: AttemptPorts = {
    execute: async () => {
      asked.push('execute')
      return { state: 'completed', result: { exitCode: 0 } }
    },
    openLog: () => after('open', opened?.promise, attempt),
    barriers: {
      flush: () => after('flush', flushed?.promise, []),
      settle: () => after('settle', settled?.promise, []),
    },
    begin: () => () => {},
    clock: fakeClock(),
    log: silentLog,
  }
  const job = { killSignal: never, onProcess: () => () => {}, onTerminal: () => {}, onStart: () => {} }
  const outcome = runAttempt(task, ports, { ...job, stop: never, giveUp: never })
  await vi.waitUntil(() => asked.length === 2)
  opened?.resolve()
  await Promise.resolve()
  expect(asked.toSorted()).toEqual(['flush', 'open'])
  flushed?.resolve()
  await vi.waitUntil(() => asked.length === 5)
  expect(asked.slice(2).toSorted()).toEqual(['durable', 'execute', 'settle'])
  settled?.resolve()
  durable?.resolve()
  expect(await outcome).toMatchObject({ state: 'completed' })
})
