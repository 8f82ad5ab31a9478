import { systemClock } from '@tandem/shared'
import { afterAll } from 'vitest'
import { createScratch } from '../isolate/scratch.ts'
import { memoryServer } from '../mirror/testing/memory-workspace.ts'
import { createTree } from '../tree/tree.ts'
import { createShell, shellLimits, type ShellOptions, type VirtualShell } from './shell.ts'

const open: VirtualShell[] = []
afterAll(() => open.forEach((shell) => shell.close()))

/** For tests: a shell over a workspace in memory, in which somebody else can type: `around` is called at each step that it takes there. */
export function shellBed({ around = () => {}, ...more }: Partial<ShellOptions> & { around?: () => void } = {}) {
  const server = memoryServer()
  const real = server.join()
  const stepped =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      around()
      const result = await work(...args)
      around()
      return result
    }
  const { read, change, seed, indexDurable } = real
  const tree = createTree({
    documents: {
      ...real,
      read: stepped(read),
      change: stepped(change),
      seed: stepped(seed),
      indexDurable: stepped(indexDurable),
    },
    hides: (name) => name === '.env',
    maxTextBytes: 100_000,
    maxBlobBytes: 1_000_000,
    clock: systemClock,
  })
  const scratch = createScratch()
  const shell = createShell({ tree, scratch, clock: systemClock, limits: shellLimits, ...more })
  open.push(shell)
  return { server, tree, scratch, shell, exec: shell.exec }
}
