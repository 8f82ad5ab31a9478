import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'
import { openProcessGroups } from './process-group.ts'
import { processTree, signalEach } from './process-tree.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ reduced: true })
})
afterAll(() => bed?.remove())

const lineOf = (pid: number | string) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it ended while we looked
  }
}
const seconds = `79${process.pid}`
const left = () =>
  readdirSync('/proc').flatMap((pid) =>
    /^\d+$/.test(pid) && lineOf(pid).endsWith(`\0${seconds}\0`) ? [Number(pid)] : [],
  )

test('[SBX-429] where both of the launcher are killed at once the command has ended, and as root all of it', async () => {
  const running = bed.run(`(setsid sleep ${seconds} &); sleep ${seconds}; true`, { limits: { wallMs: 600_000 } })
  const failed = running.then(
    () => undefined,
    (e: unknown) => e,
  )
  await vi.waitFor(() => expect(left()).toHaveLength(2), { timeout: 20_000 })
  try {
    const both = processTree(process.pid).filter((pid) => lineOf(pid).startsWith('/usr/bin/perl\0'))
    expect(both).toHaveLength(2)
    // The outer may end nothing more, nor hear of the other.
    signalEach(both, 'SIGSTOP')
    signalEach(both, 'SIGKILL')
    expect(await failed).toMatchObject({ code: 'sandbox-unavailable' })
    if (process.getuid?.() === 0 && openProcessGroups())
      await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 20_000 })
  } finally {
    signalEach(left(), 'SIGKILL')
  }
})
