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
