import { createHash, hash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, read as readFd } from 'node:fs'
import { chmod, readdir, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BlobHash, createId, nameOf } from '@tandem/shared'
import { MirrorConflict } from '@tandem/shared/docs'
import { z } from 'zod'
import { openInside, type Root } from '../../disk/inside.ts'
import { openOwnFolder } from '../../disk/own-folder.ts'
import { readStable } from '../../disk/read.ts'
import { staging } from '../../disk/write.ts'

export type SideName = 'base' | 'disk' | 'remote' | 'merged'
/** Content; a file of the daemon's own in the folder (below `.tandem/tmp`), which is moved; or a blob that the server has. */
export type Side = Uint8Array | string | { file: string } | { blob: string; size: number }
/** `merged`: what was made of them. */
export type Sides = Partial<Record<SideName, Side>>

/** `shared`: the server has it. */
const KeptSide = z.object({ blob: BlobHash, size: z.int().nonnegative(), shared: z.boolean().default(false) })
type KeptSide = z.infer<typeof KeptSide>

/** One conflict as it lies beside its sides, in `<record>.json`. */
export const Kept = MirrorConflict.omit({ record: true, sides: true }).extend({
  v: z.literal(1).default(1),
  sides: z.partialRecord(z.enum(['base', 'disk', 'remote', 'merged']), KeptSide),
  dismissedAt: z.number().optional(),
})
export type Kept = z.infer<typeof Kept>

const folder = '.tandem/conflicts'
const maxRecordBytes = 64 * 1024

/** Times in names, so that they sort. */
export const stampOf = (at: number): string => new Date(at).toISOString().replaceAll(/[:.]/g, '-')
/** A name of its own; names of files may be as long as the system allows, ours has more to it. */
export const newRecord = (at: number, path: string): string =>
  `${folder}/${stampOf(at)}-${createId().slice(-4)}-${nameOf(path).slice(-60).toWellFormed()}`

/** Whether a side is content, or names some: the index, from which names come, is anybody's to write. */
export const isBelievable = (side: Side): boolean =>
  typeof side !== 'object' || !('blob' in side) || KeptSide.safeParse(side).success

/** What is known of a side before it is kept. */
export async function weigh(root: Root, side: Side): Promise<KeptSide> {
  if (typeof side === 'object' && 'blob' in side) return { ...side, shared: true }
  if (typeof side !== 'string' && !('file' in side))
    return { blob: hash('sha256', side), size: side.length, shared: false }
  if (typeof side === 'string') return { blob: hash('sha256', side), size: Buffer.byteLength(side), shared: false }
  const sum = createHash('sha256')
  let size = 0
  for await (const piece of createReadStream(join(root.path, side.file)) as AsyncIterable<Buffer>) {
    sum.update(piece)
    size += piece.length
  }
  return { blob: sum.digest('hex'), size, shared: false }
}

/**
 * Puts the sides and then what they are on the disk, for the owner alone; whole when resolved, also after a power cut.
 * Where that fails nothing of it is left, and a file that was to be moved is where it was.
 */
export async function keep(root: Root, record: string, sides: Sides, kept: Kept): Promise<void> {
  const undo: (() => Promise<void>)[] = []
  try {
    await openOwnFolder(root.path, 'conflicts')
    for (const [name, side] of Object.entries(sides)) {
      const file = join(root.path, `${record}.${name}`)
      if (typeof side === 'string' || side instanceof Uint8Array) {
        undo.push(() => unlink(file))
        await writeFile(file, side, { mode: 0o600, flag: 'wx', flush: true })
      } else if ('file' in side) {
        const from = join(root.path, side.file)
        await rename(from, file)
        undo.push(() => rename(file, from))
        await chmod(file, 0o600)
      }
    }
    await note(root, record, kept)
  } catch (e) {
    for (const back of undo) await back().catch(() => {})
    throw e
  }
}

/** Says anew what a record is, whole or not at all. */
export async function note(root: Root, record: string, kept: Kept): Promise<void> {
  const file = join(root.path, staging, `w-${createId()}`)
  await writeFile(file, JSON.stringify(kept), { mode: 0o600, flag: 'wx', flush: true })
  await rename(file, join(root.path, `${record}.json`))
}

/** The records there are, newest first. */
export async function records(root: Root): Promise<string[]> {
  const names = await readdir(join(root.path, folder)).catch(() => [])
  return names
    .flatMap((name) => (name.endsWith('.json') ? `${folder}/${name.slice(0, -5)}` : []))
    .toSorted()
    .toReversed()
}

/** One of them; undefined where it cannot be read, which leaves it as it is. */
export async function readRecord(root: Root, record: string): Promise<Kept | undefined> {
  const read = await readStable(root, `${record}.json`, maxRecordBytes)
  if (typeof read === 'string') return undefined
  try {
    return Kept.parse(JSON.parse(Buffer.from(read.bytes).toString()))
  } catch {
    return undefined // torn, or of a later version
  }
}

/** Takes a record and its sides away. */
export async function discard(root: Root, record: string, { sides }: Kept): Promise<void> {
  for (const name of [...Object.keys(sides), 'json']) await unlink(join(root.path, `${record}.${name}`)).catch(() => {})
}

/** A side's bytes in pieces, never through a link; undefined where its file is not what was kept. */
export function openSide(root: Root, record: string, name: string, { size }: KeptSide) {
  const fd = openInside(root, `${record}.${name}`)
  if (typeof fd === 'string') return undefined
  const stat = fstatSync(fd)
  if (!stat.isFile() || stat.size !== size) {
    closeSync(fd)
    return undefined
  }
  return {
    read: (offset: number, length: number) =>
      new Promise<Uint8Array>((resolve, reject) => {
        const bytes = new Uint8Array(Math.min(length, size - offset))
        readFd(fd, bytes, 0, bytes.length, offset, (e, got) => (e ? reject(e) : resolve(bytes.subarray(0, got))))
      }),
    close: () => closeSync(fd),
  }
}
