import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, expect, test, vi } from 'vitest'
import { machineTime } from './machine-time.ts'
import { createWatched } from './watched.ts'

const cleanUps: (() => void)[] = []
afterEach(() => cleanUps.splice(0).forEach((end) => end()))

const module = (path: string) => JSON.stringify(import.meta.resolve(path))

/**
 * Something like a daemon: it starts two commands without walls, which end by no signal that can be ignored, the first of
 * which may be given to others `inMs` from now. What it does next is `act`.
 */
async function daemonForTest({ inMs, act = '' }: { inMs: number; act?: string }) {
  const script = `
    const { launchUnsafely } = await import(${module('../sandbox/unsafe.ts')})
    const { createWatchdog } = await import(${module('./watchdog.ts')})
    const { machineTime } = await import(${module('./machine-time.ts')})
    const log = { info() {}, warn() {}, error() {} }
    const watchdog = createWatchdog(log)
    const argv = ['/bin/sh', '-c', 'trap "" TERM HUP INT; sleep 300 & wait']
    const start = () => launchUnsafely({ argv, cwd: '/', environment: { PATH: process.env.PATH } }).pid
    const [given, kept] = [start(), start()]
    watchdog.watch(given, machineTime() + ${inMs})
    watchdog.watch(kept)
    console.log(JSON.stringify({ given, kept }))
    setInterval(() => {}, 1_000)
    ${act}`
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanUps.push(() => daemon.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: daemon.stdout }), 'line')) as [string]
  const pids = JSON.parse(line) as { given: number; kept: number }
  cleanUps.push(() => Object.values(pids).forEach((pid) => signal(-pid, 'SIGKILL')))
  return { daemon, ...pids }
}
function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended already.
  }
}
/** Whether it runs: one that ended and that a daemon which hangs has not asked about yet does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
const isGone = (pid: number) => vi.waitFor(() => expect(runs(pid)).toBe(false), { timeout: 20_000 })

test('[TSK-60] [TSK-16] a daemon whose event loop hangs has what may be given to others ended, and nothing else', async () => {
  const blocks = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'
  const { given, kept, daemon } = await daemonForTest({ inMs: 1_000, act: blocks })
  await isGone(given)
  expect(runs(kept)).toBe(true)
  expect(daemon.exitCode).toBe(null)
})

test('[TSK-60] a daemon that was stopped finds it ended when it goes on', async () => {
  const { given, kept, daemon } = await daemonForTest({ inMs: 1_000 })
  daemon.kill('SIGSTOP')
  await isGone(given)
  daemon.kill('SIGCONT')
  expect(runs(kept)).toBe(true)
})

test('[TSK-61] with a killed daemon all ends that it started, also without walls', async () => {
  const { given, kept, daemon } = await daemonForTest({ inMs: 3_600_000 })
  expect([given, kept].map(runs)).toEqual([true, true])
  daemon.kill('SIGKILL')
  await isGone(given)
  await isGone(kept)
})

test('[TSK-60] a watchdog that is killed itself is started again, and knows all it knew', async () => {
  const { given, kept, daemon } = await daemonForTest({ inMs: 2_000 })
  const children = () => readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'latin1').trim().split(' ')
  const isWatchdog = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('watchdog-process')
  const first = await vi.waitFor(() => children().find(isWatchdog) ?? expect.fail('not there yet'))
  process.kill(Number(first), 'SIGKILL')
  await isGone(given)
  expect(runs(kept)).toBe(true)
})

test('[TSK-60] what is put off is not ended, what has ended is not touched, and what could not be killed is tried again', () => {
  const killed: number[] = []
  const watched = createWatched((pid) => killed.push(pid))
  watched.add(1, 1_000)
  watched.add(2, 2_000)
  watched.add(3)
  watched.add(4, 500)
  watched.remove(4)
  expect(watched.look(900)).toBe(100)
  watched.putOff(1_500)
  expect(watched.look(1_400)).toBe(100)
  expect(killed).toEqual([])
  expect(watched.look(1_501)).toBe(0)
  expect(watched.look(1_502)).toBe(0)
  expect(killed).toEqual([1, 1])
  watched.remove(1)
  expect(watched.look(1_503)).toBe(497)
  watched.remove(2)
  expect(watched.look(9_000)).toBe(Infinity)
  watched.endAll()
  expect(killed).toEqual([1, 1, 3])
})

test('[TSK-62] the machine’s time is the same for all of its processes', async () => {
  const before = machineTime()
  const child = spawn(process.execPath, ['-e', 'console.log(require("os").uptime())'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  expect(Number(line) * 1_000).toBeGreaterThanOrEqual(before)
  expect(machineTime()).toBeGreaterThanOrEqual(Number(line) * 1_000)
})
