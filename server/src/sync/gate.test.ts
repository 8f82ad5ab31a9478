import { OutgoingMessage } from '@hocuspocus/server'
import { expect, test, vi } from 'vitest'
import { createGate } from './gate.ts'

const ack = (name: string) => new OutgoingMessage(name).writeSyncStatus(true).toUint8Array()
const other = (name: string) => new OutgoingMessage(name).writeStateless('x').toUint8Array()

function gateForTest() {
  const tails = new Map<string, Promise<void>>()
  const sent: Uint8Array[] = []
  const fail = vi.fn<() => void>()
  const gate = createGate({ pending: (name) => tails.get(name), send: (frame) => sent.push(frame), fail })
  const hold = (name: string) => {
    const tail = Promise.withResolvers<void>()
    tails.set(name, tail.promise)
    return { disk: () => tail.resolve(), breaks: () => tail.reject(new Error('no disk')) }
  }
  return { gate, sent, fail, hold }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('[LOG-1] an acknowledgement waits until its document is on disk', async () => {
  const { gate, sent, hold } = gateForTest()
  const tail = hold('a')
  gate(ack('a'))
  await settled()
  expect(sent).toEqual([])
  tail.disk()
  await settled()
  expect(sent).toEqual([ack('a')])
})

test('[LOG-1] frames of one document keep their order, and other documents are not held up', async () => {
  const { gate, sent, hold } = gateForTest()
  const first = hold('a')
  gate(ack('a'))
  gate(other('a'))
  const second = hold('a')
  gate(ack('a'))
  gate(ack('b'))
  gate(other('b'))
  expect(sent).toEqual([ack('b'), other('b')])
  first.disk()
  await settled()
  expect(sent.slice(2)).toEqual([ack('a'), other('a')])
  second.disk()
  await settled()
  expect(sent.slice(4)).toEqual([ack('a')])
})

test('[LOG-1] a session-aware address waits for the same document', async () => {
  const { gate, sent, hold } = gateForTest()
  const tail = hold('a')
  gate(ack('a\0session'))
  await settled()
  expect(sent).toEqual([])
  tail.disk()
  await settled()
  expect(sent).toHaveLength(1)
})

test('[LOG-22] where the store fails nothing is acknowledged and the socket ends', async () => {
  const { gate, sent, fail, hold } = gateForTest()
  const tail = hold('a')
  gate(ack('a'))
  tail.breaks()
  await settled()
  expect(sent).toEqual([])
  expect(fail).toHaveBeenCalledOnce()
})
