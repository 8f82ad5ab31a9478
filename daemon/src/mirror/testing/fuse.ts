import { AsyncLocalStorage } from 'node:async_hooks'
import fsNow, { mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'

/** One life of a program: once it is dead nothing that it does leaves a trace any more, as after a kill. */
export type Life = {
  dead: boolean
  /**
   * Called before and after each step that leaves a trace; who sets `dead` there kills it at that very moment. `now`:
   * nothing else of this program may happen in between.
   */
  onStep(step: string, now: boolean, after: boolean): void
}

const lives = new AsyncLocalStorage<Life>()

/** Runs a program's work as that life: all it calls, and what it waits for, counts its steps there. */
export const live = <T>(life: Life, work: () => T): T => lives.run(life, work)
/** Calls that come from elsewhere (timers, observers) belong to the life in which they were asked for. */
export const bound = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) =>
  AsyncLocalStorage.bind(call) as (...args: A) => R

function before(step: string, now = false): Life | undefined {
  const life = lives.getStore()
  if (life?.dead) throw new Error(`dead before ${step}`)
  life?.onStep(step, now, false)
  if (life?.dead) throw new Error(`died before ${step}`)
  return life
}
function after(life: Life | undefined, step: string, now = false): void {
  // What was under way when it died elsewhere was done all the same, but nobody hears of it.
  if (life?.dead) throw new Error(`dead after ${step}`)
  life?.onStep(step, now, true)
  if (life?.dead) throw new Error(`died after ${step}`)
}
let busy = 0
/** Whether a step, or a look at a disk, is under way just now, between its before and its after. */
export const isBusy = (): boolean =>
  busy > 0 || process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))

const counted = async <R>(work: () => Promise<R>): Promise<R> => {
  busy++
  try {
    return await work()
  } finally {
    busy--
  }
}
export const step =
  <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    const life = before(name)
    const result = await counted(() => work(...args))
    after(life, name)
    return result
  }
export const stepNow =
  <A extends unknown[], R>(name: string, work: (...args: A) => R) =>
  (...args: A): R => {
    const life = before(name, true)
    const result = work(...args)
    after(life, name, true)
    return result
  }

/**
 * From now on every change of a disk and every write of a Level database, by whatever library, is a step. It reaches the
 * program as it is, through the functions of Node that it calls. Undone by the call that is answered.
 */
export async function lightFuse(): Promise<() => void> {
  const undo: (() => void)[] = []
  const replace = <T extends object, K extends keyof T>(owner: T, name: K, made: (real: T[K]) => T[K]) => {
    const real = owner[name]
    owner[name] = made(real)
    undo.push(() => (owner[name] = real))
  }
  for (const name of ['link', 'rename', 'unlink', 'rmdir', 'writeFile'] as const)
    replace(fs, name, (real) => step(name, real as (...args: unknown[]) => Promise<void>) as never)
  for (const name of ['linkSync', 'renameSync', 'unlinkSync'] as const)
    replace(fsNow, name, (real) => stepNow(name, real as (...args: unknown[]) => void) as never)
  replace(
    fs,
    'open',
    (real) =>
      (async (...args: Parameters<typeof fs.open>) => {
        const writes = typeof args[1] === 'number' ? (args[1] & 3) !== 0 : args[1] !== undefined && args[1] !== 'r'
        if (!writes) return real(...args)
        const life = before('open')
        const handle = await counted(() => real(...args))
        try {
          after(life, 'open')
        } catch (e) {
          await handle.close()
          throw e
        }
        const write = handle.writeFile.bind(handle)
        handle.writeFile = async (data) => {
          const bytes = data as Uint8Array
          try {
            await step('write', async () => {})()
          } catch (e) {
            // Torn: a part of it had reached the disk.
            await write(bytes.subarray(0, bytes.length >> 1))
            throw e
          }
          await write(bytes)
        }
        return handle
      }) as never,
  )
  replace(fsNow, 'openSync', (real) => (...args: Parameters<typeof real>) => {
    const writes = typeof args[1] === 'number' ? (args[1] & 3) !== 0 : args[1] !== undefined && args[1] !== 'r'
    if (!writes) return real(...args)
    const life = before('openSync', true)
    const fd = real(...args)
    try {
      after(life, 'openSync', true)
    } catch (e) {
      fsNow.closeSync(fd)
      throw e
    }
    return fd
  })
  replace(fsNow, 'writeFileSync', (real) => (...args: Parameters<typeof real>) => {
    const [file, bytes] = args
    if (typeof file !== 'number' || typeof bytes === 'string') return real(...args)
    try {
      stepNow('write', () => {})()
    } catch (e) {
      // Torn: a part of it had reached the disk.
      real(file, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1))
      throw e
    }
    real(file, bytes)
  })
  syncBuiltinESMExports()
  const { get, put, write } = await levelCalls()
  replace(get, 'get', (real) => {
    return function (this: unknown, ...args: unknown[]) {
      return counted(async () => real.apply(this, args))
    }
  })
  for (const [prototype, name] of [
    [put, 'put'],
    [write, 'write'],
  ] as const)
    replace(prototype, name, (real) => {
      return function (this: unknown, ...args: unknown[]) {
        return step(name, async () => real.apply(this, args))()
      }
    })
  return () => {
    for (const each of undo.toReversed()) each()
    syncBuiltinESMExports()
  }
}

type Prototype = Record<string, (...args: unknown[]) => Promise<unknown>>

/** Where Level's reads and writes are defined: of single keys, and of batches. */
async function levelCalls() {
  const dir = mkdtempSync(join(tmpdir(), 'tandem-fuse-'))
  const db = new Level(dir)
  await db.open()
  const definer = (object: object, name: string): Prototype => {
    for (let at = Object.getPrototypeOf(object) as object | null; at; at = Object.getPrototypeOf(at) as object | null)
      if (Object.hasOwn(at, name)) return at as Prototype
    throw new Error(`no ${name}`)
  }
  const batch = db.batch()
  const found = { get: definer(db, 'get'), put: definer(db, 'put'), write: definer(batch, 'write') }
  await batch.close()
  await db.close()
  rmSync(dir, { recursive: true, force: true })
  return found
}
