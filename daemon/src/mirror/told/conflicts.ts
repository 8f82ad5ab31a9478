import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, type Clock, type Id, type Log } from '@tandem/shared'
import type { MirrorConflict } from '@tandem/shared/docs'
import {
  discard,
  isBelievable,
  keep,
  newRecord,
  note,
  openSide,
  readRecord,
  records,
  stampOf,
  weigh,
  type Kept,
  type SideName,
  type Sides,
} from './conflict-files.ts'
import type { Root } from '../../disk/inside.ts'
import type { Blobs } from '../ports.ts'

export type Conflicts = {
  /**
   * Keeps all the sides there are in `.tandem/conflicts/`, where no compiler looks, and answers once they are on disk.
   * The same sides of the same file, told again, are the conflict that is there.
   */
  record(path: string, sides: Sides, about?: { kind: MirrorConflict['kind']; file?: Id | undefined }): Promise<void>
  /** Those that nobody has dismissed, the newest of them. */
  list(): readonly MirrorConflict[]
  /** Somebody has settled it, or wants to see it no more; false where it is not in the list. Its files stay a while. */
  dismiss(id: string): boolean
  /** Reads those of earlier lives, and takes away what was dismissed long ago. */
  open(): Promise<void>
}

type ConflictsOptions = {
  root: Root
  blobs: Pick<Blobs, 'put'>
  maxBlobBytes: number
  clock: Clock
  log: Log
  changed: () => void
  signal: AbortSignal
}

/** More than this nobody looks through; older ones come into view when newer ones are dismissed and the daemon starts anew. */
const shown = 200
/** How long a dismissed conflict's files stay. */
const keptMs = 30 * 24 * 3_600_000

type Held = Kept & { record: string }

/** Keeps what a merge could not decide, and what was replaced at a path, for a person to look at. */
export function createConflicts(options: ConflictsOptions): Conflicts {
  const { root, blobs, maxBlobBytes, clock, log, changed, signal } = options
  /** Oldest first. */
  let list: readonly Held[] = []
  let shownList: readonly MirrorConflict[] = []
  const beingKept = new Map<string, Promise<void>>()
  let uploads: Promise<void> = Promise.resolve()
  let notes: Promise<void> = Promise.resolve()

  const show = (next: readonly Held[]) => {
    list = next.slice(-shown)
    shownList = list.map(({ id, kind, path, file, at, record, sides }) => ({
      id,
      kind,
      path,
      ...(file !== undefined && { file }),
      at,
      record,
      sides: sharedOf(sides),
    }))
    changed()
  }
  /** One after the other: the last word stays. */
  const write = ({ record, ...kept }: Held) => {
    const failed = (error: unknown) => log.warn('mirror conflict not noted', { record, error })
    notes = notes.then(() => note(root, record, kept)).catch(failed)
  }
  /** Brings the sides to the server, in the background: no file waits for it. */
  const share = (held: Held) => {
    uploads = uploads.then(async () => {
      for (const name of Object.keys(held.sides) as SideName[]) {
        const side = held.sides[name]
        if (!side || side.shared || side.size > maxBlobBytes || signal.aborted) continue
        try {
          if (await upload(held.record, name, side)) replace(held.id, name)
        } catch (error) {
          // Refused: it is on disk alone.
          if (!signal.aborted) log.info('mirror conflict side not shared', { record: held.record, side: name, error })
        }
      }
    })
  }
  const upload = async (record: string, name: SideName, side: { blob: string; size: number }) => {
    const file = openSide(root, record, name, { ...side, shared: false })
    if (!file) return false
    try {
      await blobs.put({ hash: side.blob, size: side.size }, file.read, signal)
      return true
    } finally {
      file.close()
    }
  }
  const replace = (id: Id, name: SideName) => {
    const held = list.find((each) => each.id === id)
    const side = held?.sides[name]
    if (!held || !side) return
    const next = { ...held, sides: { ...held.sides, [name]: { ...side, shared: true } } }
    write(next)
    show(list.map((each) => (each === held ? next : each)))
  }

  return {
    record: async (path, sides, { kind, file } = { kind: 'lines' }) => {
      const weighed: Kept['sides'] = {}
      for (const name of Object.keys(sides) as SideName[]) {
        const side = sides[name]
        if (side !== undefined && isBelievable(side)) weighed[name] = await weigh(root, side)
      }
      if (Object.keys(weighed).length === 0) return
      const key = keyOf({ path, file, sides: weighed })
      const before = beingKept.get(key) ?? (list.some((each) => keyOf(each) === key) ? Promise.resolve() : undefined)
      if (before) {
        await before
        for (const side of Object.values(sides)) {
          if (typeof side === 'object' && 'file' in side) await unlink(join(root.path, side.file)).catch(() => {})
        }
        return
      }
      const at = clock.now()
      const record = newRecord(at, path)
      const kept: Kept = { v: 1, id: createId(), kind, path, ...(file !== undefined && { file }), at, sides: weighed }
      const work = keep(root, record, sides, kept).finally(() => beingKept.delete(key))
      beingKept.set(key, work)
      await work
      log.warn('mirror conflict', { path, kind, record })
      show([...list, { ...kept, record }])
      share({ ...kept, record })
    },
    list: () => shownList,
    dismiss: (id) => {
      const held = list.find((each) => each.id === id)
      if (!held) return false
      write({ ...held, dismissedAt: clock.now() })
      show(list.filter((each) => each !== held))
      return true
    },
    open: async () => {
      const found: Held[] = []
      const old = stampOf(clock.now() - keptMs)
      for (const record of await records(root)) {
        const isOld = (record.split('/').at(-1) ?? '') < old
        if (found.length >= shown && !isOld) continue
        const kept = await readRecord(root, record)
        if (kept?.dismissedAt === undefined) {
          if (kept && found.length < shown) found.unshift({ ...kept, record })
        } else if (kept.dismissedAt < clock.now() - keptMs) await discard(root, record, kept)
      }
      show([...found, ...list])
      for (const held of found) share(held)
    },
  }
}

/** What the conflict is, whenever it is told. */
const keyOf = ({ path, file, sides }: Pick<Kept, 'path' | 'sides'> & { file?: Id | undefined }): string =>
  JSON.stringify([file ?? path, ...(['base', 'disk', 'remote', 'merged'] as const).map((name) => sides[name]?.blob)])

function sharedOf(sides: Kept['sides']): MirrorConflict['sides'] {
  const out: MirrorConflict['sides'] = {}
  for (const name of Object.keys(sides) as SideName[]) {
    const side = sides[name]
    if (side?.shared) out[name] = { blob: side.blob, size: side.size }
  }
  return out
}
