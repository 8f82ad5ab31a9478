import { expect, test } from 'vitest'
import { createAcks, sendNowOrNever } from './acks.ts'

const acks = () => createAcks(() => {})

test('[UI-20] nothing is safe before the server answered the whole-document message', () => {
  const a = acks()
  a.made(false) // offline
  a.sentUpdate() // an update typed while the handshake is on its way
  a.sentWhole()
  a.answered(true)
  expect(a.pending()).toBe(1)
  a.answered(true)
  expect(a.pending()).toBe(0)
})

test('[UI-20] an answer covers what was made before its message left, and no more', () => {
  const a = acks()
  a.sentWhole()
  a.answered(true)
  a.made(true)
  a.sentUpdate()
  a.made(true)
  a.answered(true)
  expect([a.acked(), a.pending()]).toEqual([1, 1])
})

test('[UI-21] a lost connection forgets every message on its way', () => {
  const a = acks()
  a.sentWhole()
  a.answered(true)
  a.made(true)
  a.sentUpdate()
  a.dropped()
  a.answered(true) // late, of the old socket
  expect(a.pending()).toBe(1)
  a.sentWhole()
  a.answered(true)
  expect(a.pending()).toBe(0)
})

test('[UI-22] a refused change marks the copy as diverged', () => {
  const a = acks()
  a.sentWhole()
  a.answered(true)
  a.made(true)
  a.sentUpdate()
  a.answered(false)
  expect(a.diverged()).toBe(true)
})

test('[UI-23] what is found to be there already is safe once nothing is on its way', () => {
  const a = acks()
  a.sentWhole()
  a.answered(true)
  a.made(false)
  expect(a.pending()).toBe(0)
})

test('[LOG-80] what is said to a closed socket is not said again on the next one', () => {
  const sent: unknown[] = []
  const socket = {
    webSocket: { readyState: 1 } as { readyState: number } | null,
    send: (message: unknown) => void sent.push(message),
  }
  sendNowOrNever(socket)
  socket.send('open')
  for (const webSocket of [{ readyState: 0 }, { readyState: 2 }, { readyState: 3 }, null]) {
    socket.webSocket = webSocket
    socket.send('late')
  }
  expect(sent).toEqual(['open'])
})
