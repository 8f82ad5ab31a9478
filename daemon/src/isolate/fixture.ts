import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { Snippet, systemClock, type ConsoleLevel } from '@tandem/shared'
import { createCells } from '../sandbox/cell.ts'
import { commandIdentity } from '../sandbox/identity.ts'
import { findWalls } from '../sandbox/walls.ts'
import { buildEnv, type Granted } from './env.ts'
import { createIsolate } from './isolate.ts'
import { defaultIsolateLimits, type IsolateLimits } from '../sandbox/isolate-limits.ts'
import { createScratch } from './scratch.ts'
import type { Ran } from './talk.ts'

export type IsolateBed = ReturnType<typeof openIsolate>
type Given = Partial<Snippet> & { wallMs?: number; signal?: AbortSignal; granted?: Partial<Granted> }
export type Said = { level: ConsoleLevel; text: string }

/** For tests: an isolate behind the walls of this machine, as commands are, and what it wrote. */
export function openIsolate(limits: Partial<IsolateLimits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-isolate-'))
  const identity = commandIdentity(folder)
  const walls = findWalls({ path: env.PATH ?? '', workspace: folder, isRoot: identity.isRoot })
  if ('reason' in walls) throw new Error(walls.reason)
  const stop = new AbortController()
  const clock = systemClock
  const cells = createCells(walls, identity)
  const all = { ...defaultIsolateLimits, ...limits }
  const isolate = createIsolate({
    startCell: cells,
    limits: all,
    history: 'test',
    clock,
    signal: stop.signal,
  })
  const run = async (code: string, given: Given = {}): Promise<Ran & { logs: Said[]; pids: number[] }> => {
    const { wallMs = 60_000, signal = new AbortController().signal, granted, ...snippet } = given
    const logs: Said[] = []
    const pids: number[] = []
    const made = buildEnv({ files: createScratch(), props: { execution: 'one' }, maxCalls: 100, ...granted })
    const ran = await isolate.run({
      snippet: Snippet.parse({ code, ...snippet }),
      env: made,
      limits: all,
      wallMs,
      signal,
      onLog: (level, text) => void logs.push({ level, text }),
      onStarted: (pid) => {
        pids.push(pid)
        return () => {}
      },
    })
    return { ...ran, logs, pids }
  }
  return {
    run,
    isolate,
    end: () => {
      stop.abort()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
