import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { createId, docName, silentLog, type DocPlace } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import { createDocuments } from './documents.ts'

const place: DocPlace = { workspaceId: createId(), epoch: createId() }
const name = docName(place, { kind: 'files' })
const text = (s: string) => [s.length, ...Buffer.from(s)]

/** The server's end of one document, which has a change on its disk only once it is told to answer. */
function slowServer() {
  const doc = new Y.Doc()
  const unanswered: Uint8Array[] = []
  let line: Line | undefined
  const say = (...bytes: number[]) =>
    line?.dispatchEvent(new MessageEvent('message', { data: Uint8Array.from([...text(name), ...bytes]).buffer }))
  const hear = (message: Uint8Array) => {
    const [type, step, ...rest] = message.subarray(1 + name.length)
    if (type === 2) say(2, 2, ...text('read-write'))
    if (type !== 0) return
    if (step !== 0) return void unanswered.push(Uint8Array.from(rest.slice((rest[0] ?? 0) < 128 ? 1 : 2)))
    const state = Y.encodeStateVector(doc)
    say(0, 1, 2, 0, 0)
    say(0, 0, state.length, ...state)
  }
  class Line extends EventTarget {
    readyState = 0
    constructor() {
      super()
      // oxlint-disable-next-line typescript/no-this-alias -- the newest line is the one in use
      line = this
      queueMicrotask(() => {
        this.readyState = 1
        this.dispatchEvent(new Event('open'))
      })
    }
    send(message: Uint8Array) {
      queueMicrotask(() => line === this && hear(message))
    }
    close() {}
  }
  return {
    doc,
    Line,
    waiting: () => unanswered.length,
    answer: () => {
      const update = unanswered.shift()
      if (!update) return
      Y.applyUpdate(doc, update)
      say(8, 1)
    },
    drop: () => {
      unanswered.length = 0
      line?.dispatchEvent(new CloseEvent('close', { code: 1006 }))
    },
  }
}

const turn = () => new Promise(setImmediate)

test('[LOG-1] after a reconnect a change counts as durable only when its own answer is there, not an older one’s', async () => {
  const server = slowServer()
  const socket = new HocuspocusProviderWebsocket({
    url: 'ws://server',
    WebSocketPolyfill: server.Line,
    ...{ delay: 0, minDelay: 0, maxDelay: 0, jitter: false },
  })
  onTestFinished(() => socket.destroy())
  const documents = createDocuments({
    socket,
    place,
    token: async () => 'token',
    log: silentLog,
    onSynced: () => {},
    onRefused: () => {},
  })
  onTestFinished(documents.close)
  const { signal } = new AbortController()
  const attached = documents.attach({ kind: 'files' })
  await attached.synced(signal)
  while (server.waiting() === 0) await turn()
  server.answer()
  await attached.durable(signal)

  server.drop()
  const changes = attached.doc.getMap('changes')
  changes.set('first', 1)
  changes.set('second', 2)
  expect(attached.isSynced()).toBe(false)
  let there: unknown
  const durable = attached.durable(signal).then(() => (there = server.doc.getMap('changes').toJSON()))
  await attached.synced(signal)
  while (there === undefined) {
    server.answer()
    await turn()
  }
  await durable
  expect(there).toEqual({ first: 1, second: 2 })

  changes.set('third', 3)
  let isDurable = false
  const third = attached.durable(signal).then(() => (isDurable = true))
  while (server.waiting() === 0) await turn()
  expect(isDurable).toBe(false)
  server.answer()
  await third
  expect(server.doc.getMap('changes').get('third')).toBe(3)
})
