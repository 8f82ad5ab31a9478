import { TandemError, type Clock, type Snippet } from '@tandem/shared'
import type { StartCell } from '../sandbox/cell.ts'
import { ownMemoryMb, startsQuickJs } from './engine.ts'
import type { Env } from './env.ts'
import type { Guest } from './hear.ts'
import type { IsolateLimits } from '../sandbox/isolate-limits.ts'
import type { Modules } from './messages.ts'
import { createPool } from './pool.ts'
import { createPrepared } from './prepared.ts'
import { runGuest, type RunOptions } from './run-guest.ts'
import type { Ran } from './talk.ts'

export type IsolateOptions = {
  startCell: StartCell
  /** Those that most runs will have: for them one is kept ready. */
  limits: IsolateLimits
  /** Names the workspace's history. */
  history: string
  clock: Clock
  signal: AbortSignal
}

export type IsolateRun = Pick<RunOptions, 'signal' | 'onLog' | 'wallMs'> & {
  snippet: Snippet
  env: Env
  limits: IsolateLimits
  /** Its process: that whole group has to end with it; what it returns is called once that has ended. */
  onStarted(pid: number): () => void
}

/** A daemon that begins has other things to do first; and by then its answer has gone to whoever waited for it. */
const [beginningMs, restMs] = [1_000, 25]

/** Runs snippets, each in a process of its own that has nothing but its engine. */
export type Isolate = { run(run: IsolateRun): Promise<Ran> }

export function createIsolate({ startCell, limits: usual, history, clock, signal }: IsolateOptions): Isolate {
  const poolOf = ({ cpuMs, memMb }: IsolateLimits) => {
    let start: (() => Guest) | undefined
    const over = new AbortController()
    const pool = createPool({
      start: () => (start ??= startsQuickJs(startCell, { cpuMs }))(),
      memMb,
      clock,
      signal: AbortSignal.any([signal, over.signal]),
    })
    return { cpuMs, memMb, pool, end: () => over.abort() }
  }
  let current = poolOf(usual)
  /** What waits was started with the limits that held then. */
  const poolFor = (limits: IsolateLimits) => {
    if (current.cpuMs === limits.cpuMs && current.memMb === limits.memMb) return current.pool
    current.end()
    return (current = poolOf(limits)).pool
  }
  const prepared = createPrepared(history)
  current.pool.refill(false, beginningMs)
  return {
    run: async ({ snippet, env, limits, onStarted, ...run }) => {
      const modules = modulesOf(snippet)
      const key = prepared.keyOf(modules)
      const typed = snippet.language === 'typescript'
      const known = typed ? prepared.find(key) : undefined
      const pool = poolFor(limits)
      const guest = pool.take()
      const hasEnded = guest.pid === undefined ? undefined : onStarted(guest.pid)
      try {
        return await runGuest(guest, {
          ...run,
          modules: known ?? modules,
          typed: typed && !known,
          env,
          limits: { cpuMs: limits.cpuMs, memMb: limits.memMb },
          maxMemory: (limits.memMb + ownMemoryMb) * 2 ** 20,
          clock,
          onPrepared: (made) => prepared.keep(key, made),
        })
      } finally {
        hasEnded?.()
        pool.refill(typed, restMs)
      }
    },
  }
}

/** All modules of a snippet by their names, of which `main` is the snippet itself. */
export function modulesOf({ code, modules = {} }: Pick<Snippet, 'code' | 'modules'>): Modules {
  if (Object.hasOwn(modules, 'main'))
    throw new TandemError('bad-request', { reason: 'a module must not be called main: that is the snippet itself' })
  return Object.fromEntries([
    ['main', { code }],
    ...Object.entries(modules).map(([name, text]) => [name, { code: text }]),
  ])
}
