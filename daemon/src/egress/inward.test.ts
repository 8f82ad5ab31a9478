import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test } from 'vitest'
import { createInward } from './inward.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-inward-'))
  const reserved = createServer()
  await new Promise<void>((done) => reserved.listen(0, '127.0.0.1', done))
  const { port } = reserved.address() as AddressInfo
  await new Promise((done) => reserved.close(done))
  const clock = fakeClock()
  const inward = createInward([port], clock)
  await inward.listen(join(folder, 'in'))
  closing.push(inward.close, () => rmSync(folder, { recursive: true }))
  const dial = (to: { path: string } | { port: number; host: string }) => {
    const socket = connect(to)
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (bytes) => (text += bytes.toString()))
    const closed = new Promise<string>((done) => socket.once('close', () => done(text)))
    return { socket, closed }
  }
  const offer = (line = `${port}\n`) => {
    const offered = dial({ path: join(folder, 'in') })
    offered.socket.write(line)
    return offered
  }
  const visit = () => dial({ port, host: '127.0.0.1' })
  const first = (socket: Socket) =>
    new Promise<string>((done) => socket.once('data', (bytes) => done(bytes.toString())))
  return { port, clock, inward, offer, visit, first }
}

test('[SBX-283] who comes before anything is offered waits, and each gets a connection of its own', async () => {
  const { offer, visit, first } = await open()
  const visitors = [visit(), visit()]
  visitors.forEach(({ socket }, i) => socket.write(`hello ${i}`))
  const heard = []
  for (const _ of visitors) {
    const { socket } = offer()
    let text = await first(socket)
    if (text === '\n') text += await first(socket)
    heard.push(text)
    socket.end('bye')
  }
  expect(heard.toSorted()).toEqual(['\nhello 0', '\nhello 1'])
  expect(await Promise.all(visitors.map(({ socket, closed }) => (socket.end(), closed)))).toEqual(['bye', 'bye'])
})

test('[SBX-283] an offer for another port, or more of them than are of use, are not kept', async () => {
  const { port, offer } = await open()
  for (const line of ['22\n', 'x\n', `${port + 1}\n`, '\n', `${port}0\n`]) expect(await offer(line).closed).toBe('')
  const offers = Array.from({ length: 17 }, () => offer())
  await Promise.race(offers.map(({ closed }) => closed))
})

test('[SBX-283] who waits in vain is let go, and closing it ends all', async () => {
  const { clock, inward, visit, offer, port } = await open()
  const waiting = visit()
  await new Promise((done) => waiting.socket.once('connect', done))
  // An offer that is refused shows that the visitor before it was seen.
  await offer('22\n').closed
  clock.advance(10_000)
  expect(await waiting.closed).toBe('')
  const [idle, another] = [offer(), visit()]
  await new Promise((done) => idle.socket.once('data', done))
  await inward.close()
  await Promise.all([idle.closed, another.closed])
  await expect(createInward([port], clock).listen('/nonexistent/in')).rejects.toThrow()
})
