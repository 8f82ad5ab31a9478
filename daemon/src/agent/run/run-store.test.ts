import { TandemError } from '@tandem/shared'
import { openRun } from '@tandem/shared/docs'
import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { newRun, type Change } from '../loop/state.ts'
import { createRunStore } from './run-store.ts'

const user = (content: string): ModelMessage => ({ role: 'user', content })

function bed({ attempt = 1, doc = new Y.Doc(), earlier = [] as ModelMessage[], durable = async () => {} } = {}) {
  const run = openRun(doc)
  const held = { is: true }
  let updates = 0
  doc.on('update', () => updates++)
  const requireHeld = () => {
    if (!held.is) throw new TandemError('conflict', { reason: 'another attempt goes on with this run' })
  }
  const store = createRunStore({
    ...{ run, attempt, earlier, requireHeld, durable },
    onMessages: () => {},
    clock: { now: () => 7 },
  })
  return { doc, run, store, held, updates: () => updates }
}

const step: Change = {
  messages: [user('go on')],
  delivered: ['01M80TF4M8GAXM2Y0QYVPHMD7G'],
  journal: { a: { state: 'begun', note: { file: 'x' } }, b: { state: 'ended', text: 'done', details: [1] } },
  usage: { rounds: 1, inputTokens: 5, cachedInputTokens: 1, outputTokens: 2, costUsd: 0.5 },
  progress: { ...newRun.progress, goneOn: { rounds: 1 }, summary: { upTo: 1, text: 's' }, activeMs: 9 },
}

test('[AGT-72] [AGT-135] a save is one transaction, and another process reads what was saved', async () => {
  const { doc, store, updates, run } = bed()
  expect(await store.load()).toEqual(newRun)
  await store.save(step)
  expect(updates()).toBe(1)
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  const saved = await bed({ doc: copy, attempt: 2 }).store.load()
  expect(saved).toEqual({ ...newRun, ...step })
  expect(run.messages.snapshot()).toMatchObject([{ of: step.delivered?.[0], at: 7 }])
})

test('[AGT-126] what stands in earlier runs comes before, and is not copied', async () => {
  const earlier = [user('before')]
  const { store, run } = bed({ earlier })
  await store.save({ messages: [user('now')] })
  expect((await store.load()).messages).toEqual([user('before'), user('now')])
  expect(run.messages.snapshot()).toHaveLength(1)
})

test('[AGT-54] [AGT-121] who holds the run no more saves nothing, nor hears that it was saved', async () => {
  const { store, held, updates } = bed({ durable: async () => void (held.is = false) })
  await expect(store.save(step)).rejects.toThrow('another attempt')
  await expect(store.save(step)).rejects.toThrow('another attempt')
  expect(updates()).toBe(1)
})

test('[AGT-74] [AGT-135] what ended never begins again, and what a newer version wrote is gone on with by nobody', async () => {
  const { store, doc } = bed()
  await store.save({ journal: { a: { state: 'ended', text: 'x' } } })
  await expect(store.save({ journal: { a: { state: 'begun' } } })).rejects.toThrow('has ended')
  await store.save({ journal: { a: { state: 'ended' } } })
  doc.getArray('messages').push([{ of: 'a newer version' }])
  await expect(store.load()).rejects.toThrow('a newer version wrote it')
})
