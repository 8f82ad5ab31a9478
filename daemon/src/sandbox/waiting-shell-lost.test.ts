import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'
import { processTree } from './process-tree.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed()
})
afterAll(() => bed.remove())

/** Those that would become a command. */
const waiting = () =>
  processTree(process.pid).filter((pid) => {
    try {
      const [program, , , script] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
      return program === '/bin/bash' && /^(set -e.*)?read -ru 3 n/.test(script ?? '')
    } catch {
      return false // it ended while we looked
    }
  })
const oneWaits = () => vi.waitFor(() => expect(waiting()).toHaveLength(1), { timeout: 20_000 })

test('[SBX-427] a shell that is ended in the moment it is needed costs neither the command nor the daemon', async () => {
  await bed.run('true')
  await oneWaits()
  const [shell = 0] = waiting()
  // Stopped, so that it certainly has not begun.
  process.kill(shell, 'SIGSTOP')
  let started = 0
  let said = ''
  const ran = await bed.runner.runCommand({
    shellLine: 'echo once',
    cwd: bed.workspace,
    onChunk: (stream, bytes) => void (stream === 'stdout' && (said += bytes.toString())),
    onStarted: () => {
      if (++started === 1) process.kill(shell, 'SIGKILL')
      return () => {}
    },
  })
  expect([ran.exitCode, said]).toEqual([0, 'once\n'])
  expect(started).toBe(2)
})

const groups = () => {
  try {
    return readdirSync('/sys/fs/cgroup/pids').filter((name) => name.startsWith(`tandem-${process.pid}-`))
  } catch {
    return []
  }
}

test('[SBX-427] one that ends while it waits leaves no control group', async () => {
  await bed.run('true')
  await oneWaits()
  for (const pid of waiting()) process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect([...waiting(), ...groups()]).toEqual([]), { timeout: 20_000 })
})

test('[SBX-428] a named pipe among what is protected keeps no command waiting', async () => {
  const pipe = join(bed.workspace, '.envrc')
  execFileSync('mkfifo', [pipe])
  for (const _ of [1, 2]) {
    await bed.run('true', { limits: { wallMs: 20_000 } })
    const ran = await bed.run('rm -f .envrc || echo kept', { limits: { wallMs: 20_000, graceMs: 0 } })
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'kept\n' })
    await oneWaits()
  }
  rmSync(pipe)
})
