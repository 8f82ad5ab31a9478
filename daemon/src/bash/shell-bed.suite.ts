import { systemClock } from '@tandem/shared'
import { afterAll } from 'vitest'
import { createScratch } from '../isolate/scratch.ts'
import { memoryServer } from '../mirror/testing/memory-workspace.ts'
import { createTree } from '../tree/tree.ts'
import type { ShellLimits } from './messages.ts'
import type { RunTask } from './ports.ts'
import { createShell, shellLimits, type VirtualShell } from './shell.ts'
import { createThreads } from './threads.ts'

const never = new AbortController().signal
const open: VirtualShell[] = []
const threads = createThreads({ memMb: shellLimits.memMb, clock: systemClock })
afterAll(() => (open.forEach((shell) => shell.close()), threads.close()))

type Given = { around?: () => void; limits?: ShellLimits; runTask?: RunTask }

/** For tests: a shell over a workspace in memory, in which somebody else can type: `around` is called at each step that it takes there. */
export function shellBed({ around = () => {}, limits = shellLimits, runTask }: Given = {}) {
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
      begin: () => () => {},
      read: stepped(read),
      change: stepped(change),
      seed: stepped(seed),
      indexDurable: stepped(indexDurable),
    },
    hides: (name) => name === '.env',
    mayNotWrite: () => undefined,
    maxTextBytes: 100_000,
    maxBlobBytes: 1_000_000,
    clock: systemClock,
  })
  const scratch = createScratch()
  const made = createShell({ scratch, threads, clock: systemClock, limits })
  open.push(made)
  const exec = (line: string, { signal = never, ...more }: { signal?: AbortSignal; wallMs?: number } = {}) =>
    made.with({ tree, runTask, signal }).exec(line, more)
  return { server, tree, scratch, exec, shell: made.with({ tree, runTask, signal: never }) }
}
