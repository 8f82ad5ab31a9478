import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLog, systemClock, type Log } from '@tandem/shared'
import { startMirror, type Mirror, type MirrorOptions } from '../mirror.ts'
import { memoryServer, type MemoryServer } from './memory-workspace.ts'

export type Rig = {
  readonly server: MemoryServer
  readonly folder: string
  readonly lines: string[]
  /** Starts a daemon's mirror on the folder and waits until it is live, or halted. */
  start(options?: {
    watching?: boolean
    state?: string
    history?: string
    server?: MemoryServer
    committed?: Record<string, string>
    maxTextBytes?: number
    maxBlobBytes?: number
    openWatch?: NonNullable<MirrorOptions['openWatch']>
    /** With other mirrors of the workspace about. */
    shared?: boolean
  }): Promise<Mirror>
  stop(): Promise<void>
  write(path: string, content: string | Uint8Array): void
  /** As editors save: a temporary file renamed over. */
  save(path: string, content: string): void
  read(path: string): string
  disk(path: string): string | undefined
  /** Puts a copy of the folder in its place, as from a backup: the same files in another directory. */
  copyFolder(): void
  /** Waits until the condition holds; the files' events drive it, this only looks. */
  until(what: () => boolean, name?: string): Promise<void>
  close(): Promise<void>
}

/** A real folder, a server in memory, a mirror between them. */
export function createRig(): Rig {
  const base = mkdtempSync(join(tmpdir(), 'tandem-mirror-'))
  const folder = join(base, 'folder')
  mkdirSync(folder)
  const server = memoryServer()
  const lines: string[] = []
  const log: Log = createLog({ level: 'debug', write: (line) => lines.push(line) })
  let running: { mirror: Mirror; stop: AbortController } | undefined
  const stop = async () => {
    running?.stop.abort(new Error('stopped'))
    // A mirror that was made to fail has failed; what counts is what it left.
    await running?.mirror.closed.catch(() => {})
    running = undefined
  }
  return {
    server,
    folder,
    lines,
    start: async ({
      watching = true,
      state = 'state',
      history,
      server: at = server,
      committed = {},
      shared = false,
      ...limits
    } = {}) => {
      const controller = new AbortController()
      const workspace = at.join(history, shared)
      const mirror = await startMirror(
        {
          folder,
          stateDir: join(base, state),
          workspace,
          clock: systemClock,
          log,
          maxTextBytes: 1_000_000,
          maxBlobBytes: 5_000_000,
          ...limits,
          committed: async (paths) =>
            new Map(
              paths.flatMap((path) => (committed[path] === undefined ? [] : [[path, Buffer.from(committed[path])]])),
            ),
          docIdleMs: 500,
          polling: false,
          watching,
          watcher: 'directories',
        },
        controller.signal,
      )
      running = { mirror, stop: controller }
      const halted = new Promise<void>((resolve) =>
        mirror.state.subscribe(() => queueMicrotask(() => mirror.state.snapshot().phase === 'halted' && resolve())),
      )
      await Promise.race([mirror.live, halted, mirror.closed])
      return mirror
    },
    stop,
    write: (path, content) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    },
    save: (path, content) => {
      writeFileSync(join(folder, `${path}.new~`), content)
      renameSync(join(folder, `${path}.new~`), join(folder, path))
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    disk: (path) => {
      try {
        return readFileSync(join(folder, path), 'utf8')
      } catch {
        return undefined
      }
    },
    copyFolder: () => {
      renameSync(folder, `${folder}.original`)
      cpSync(`${folder}.original`, folder, { recursive: true, preserveTimestamps: true })
    },
    until: async (what, name = what.toString()) => {
      const end = Date.now() + 20_000
      while (!what()) {
        if (Date.now() > end) throw new Error(`never: ${name}\n${lines.slice(-20).join('\n')}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    close: async () => {
      await stop()
      rmSync(base, { recursive: true, force: true })
    },
  }
}
