import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@tandem/shared'
import { afterEach, expect, test, vi } from 'vitest'
import { supervise, type Supervised } from './supervise.ts'

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})

/** Supervises a program of these lines. */
function start(source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cli-'))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, source)
  const [stop, force] = [new AbortController(), new AbortController()]
  const messages: { pid?: number }[] = []
  const said: string[] = []
  const lines: string[] = []
  const clock = { ...systemClock, after: (_ms: number, call: () => void) => systemClock.after(1, call) }
  const supervised: Supervised = supervise(
    {
      name: 'server',
      file,
      env: () => ({}),
      onMessage: (m) => messages.push(m as { pid?: number }),
      onLine: (line) => lines.push(line),
    },
    {
      say: { out: () => {}, err: (text) => said.push(text), progress: () => {} },
      clock,
      stop: stop.signal,
      force: force.signal,
    },
  )
  running.push(async () => {
    stop.abort()
    force.abort()
    await supervised.ended.catch(() => {})
    rmSync(folder, { recursive: true })
  })
  return { ...supervised, stop, force, messages, said, lines }
}
const says = 'process.send({ pid: process.pid }); setInterval(() => {}, 1000);'
const arrives = <T>(list: readonly T[], count = 1) =>
  vi.waitFor(() => expect(list.length).toBeGreaterThanOrEqual(count), { timeout: 5_000 })
const isAlive = (pid = 0) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('[OPS-17] a program that is killed is started again, and that is told', async () => {
  const p = start(says)
  await arrives(p.messages)
  p.works()
  process.kill(p.messages[0]?.pid ?? 0, 'SIGKILL')
  await arrives(p.messages, 2)
  expect(p.said).toEqual(['The server was ended by SIGKILL. Starting it again.'])
  p.stop.abort()
  await p.ended
  expect(isAlive(p.messages[1]?.pid)).toBe(false)
})

test('[OPS-17] a program that gives up before it ever worked is not started again', async () => {
  const p = start(
    `process.send({ t: 'failed', code: 'port-busy', message: 'the port 1 is in use', hint: 'h' }, () => process.exit(1))`,
  )
  await expect(p.ended).rejects.toMatchObject({ failure: { code: 'port-busy', hint: 'h' } })
  expect(p.said).toEqual([])
})

test('[OPS-17] a program that only ever crashes is given up after three tries', async () => {
  const p = start(`console.error('boom'); process.exit(3)`)
  await expect(p.ended).rejects.toThrow('the server ends as soon as it starts; its log tells why')
  expect(p.lines).toEqual(['boom', 'boom', 'boom'])
})

test('[OPS-18] stopping waits for the program’s clean end, and force does not', async () => {
  const p = start(`process.on('SIGTERM', () => process.send({ bye: 1 })); ${says}`)
  await arrives(p.messages)
  p.stop.abort()
  await arrives(p.messages, 2)
  expect(isAlive(p.messages[0]?.pid)).toBe(true)
  p.force.abort()
  await p.ended
  expect(isAlive(p.messages[0]?.pid)).toBe(false)
})
