import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'
import { processTree } from './process-tree.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const beds: Bed[] = []
afterAll(() => beds.forEach((bed) => bed.remove()))
const openBed = async () => {
  const bed = await createBed()
  beds.push(bed)
  return bed
}

/** Of shells that wait, those that would become the command: what they are told they read from the third descriptor. */
const waiting = () =>
  processTree(process.pid).filter((pid) => {
    try {
      const [program, , , script] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
      return program === '/bin/bash' && /^(set -e.*)?read -ru 3 n/.test(script ?? '') && readdirSync(`/proc/${pid}/fd`)
    } catch {
      return false // it ended while we looked
    }
  })

/** All that a command can tell of how it was started. */
const look =
  'ulimit -a; env | sort; ls /proc/self/fd | wc -l; ps -o sid= -p $$ | wc -w; id; grep -E "Cap|Seccomp|NoNewPrivs" /proc/self/status; cut -d" " -f5- /proc/self/mountinfo | sed "s/[0-9:]* //" | sort; echo "$0" >&2; exit 3'

test('[SBX-351] a command for which a shell waited finds all as one for which none did, and is ended as one', async () => {
  const bed = await openBed()
  const first = await bed.run(look)
  await vi.waitFor(() => expect(waiting()).toHaveLength(1), { timeout: 20_000 })
  const [shell] = waiting()
  const second = await bed.run(look)
  expect(waiting()).not.toContain(shell)
  expect([second.exitCode, second.stderr, second.stdout]).toEqual([3, first.stderr, first.stdout])
  expect(second.stdout).toContain('NoNewPrivs:\t1')

  await vi.waitFor(() => expect(waiting()).toHaveLength(1), { timeout: 20_000 })
  const stop = new AbortController()
  const onChunk = () => stop.abort()
  const ended = await bed.run('trap "" TERM; echo begun; sleep 60', {
    signal: stop.signal,
    limits: { graceMs: 0 },
    onChunk,
  })
  expect(ended.reason).toBe('cancelled')
  // The next test counts its own alone.
  bed.remove()
  await vi.waitFor(() => expect(waiting()).toHaveLength(0), { timeout: 20_000 })
})

test('[SBX-351] one that ended while it waited is not used, and none waits any more once nothing is run', async () => {
  const bed = await openBed()
  await bed.run('true')
  await vi.waitFor(() => expect(waiting()).toHaveLength(1), { timeout: 20_000 })
  for (const pid of waiting()) process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(waiting()).toHaveLength(0), { timeout: 20_000 })
  expect(await bed.run('echo still')).toMatchObject({ exitCode: 0, stdout: 'still\n' })
  await vi.waitFor(() => expect(waiting()).toHaveLength(1), { timeout: 20_000 })
  bed.remove()
  await vi.waitFor(() => expect(waiting()).toHaveLength(0), { timeout: 20_000 })
})
