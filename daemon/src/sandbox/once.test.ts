import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'
import { processTree, signalEach } from './process-tree.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed()
})
afterAll(() => bed.remove())

const isBubblewrap = (pid: number) => {
  try {
    return /^\/[^\0]*bwrap\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
  } catch {
    return false // it ended while we looked
  }
}

test('[SBX-431] a command whose walls are ended from outside is not run again, whatever it said', async () => {
  const running = bed.run(`echo run >> runs; echo "Can't open runs" >&2; sleep 600`, {
    onChunk: () => signalEach(processTree(process.pid).filter(isBubblewrap).slice(0, 1), 'SIGKILL'),
  })
  await expect(running).rejects.toMatchObject({
    code: 'sandbox-unavailable',
    message: expect.stringMatching(/SIGKILL/),
  })
  expect(readFileSync(join(bed.workspace, 'runs'), 'utf8')).toBe('run\n')
})
