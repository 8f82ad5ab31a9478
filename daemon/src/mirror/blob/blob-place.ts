import { constants } from 'node:fs'
import { lstat, open, readdir, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createId } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { fetchBlob } from './blob-transfer.ts'
import type { Mirroring } from '../context.ts'
import { inParent } from '../../disk/inside.ts'
import { openRegular } from '../../disk/open.ts'
import type { Shadow } from '../memory/shadow.ts'
import { birthmark, identity, isExecutable, look, type Stat } from '../../disk/stat.ts'
import { placeOver } from '../../disk/replace.ts'
import { finish, placeNew, staging } from '../../disk/write.ts'

/** How long the replaced inode is kept for a writer that still had it open. */
const captureMs = 2_000
/** Bytes copied at once. */
const pieceBytes = 2 ** 20

/**
 * Writes an entry's blob to its place, over exactly the version that is named or over nothing, as texts are: what is
 * fetched, the intent, one rename, and the replaced inode kept aside for a while.
 */
export async function placeBlob(m: Mirroring, entry: FileEntry, over: Stat | undefined): Promise<'done' | 'again'> {
  const { id, path, facts } = entry
  if (!facts?.blob) return 'done'
  if (facts.size > m.maxBlobBytes) {
    m.refuse(path, 'larger than this daemon takes')
    return 'done'
  }
  const file = await fetchBlob(m, id, { hash: facts.blob, size: facts.size })
  const now = m.workspace.files.get(id)
  if (!now || now.deleted || now.path !== path || now.facts?.blob !== facts.blob) {
    await unlink(file)
    return 'again'
  }
  const stat = await dress(m, file, over, facts.exec)
  const shadow: Shadow = {
    path,
    kind: 'blob',
    identity: identity(stat),
    birthmark: birthmark(stat),
    hash: facts.blob,
    size: stat.size,
    // Mode has its own comparison.
    exec: (over && m.shadows.get(id)?.exec) ?? isExecutable(stat),
    state: '',
  }
  const aside = over && join(m.root.path, staging, `k-${id}-${identity(over)}-${createId()}`)
  const bytes = new Uint8Array()
  await m.shadows.intend(id, { bytes, shadow, staged: `${staging}/${basename(file)}` })
  let placed: Awaited<ReturnType<typeof put>> | 'blocked' | 'missing' = 'blocked'
  const put = async (target: string) => {
    if (over && aside) return placeOver(file, target, identity(over), aside)
    return (await placeNew(file, target)) ? 'placed' : 'changed'
  }
  try {
    placed = await inParent(m.root, path, put, { make: true })
  } finally {
    if (placed !== 'placed' && placed !== 'placed-over-change') await m.shadows.drop([id])
  }
  if (placed === 'blocked' || placed === 'missing') {
    await unlink(file)
    m.refuse(path, 'a parent is not a directory of this folder')
    return 'done'
  }
  if (placed === 'changed') {
    if (aside) await endAside(m, aside)
    return 'again'
  }
  await m.shadows.put([{ id, shadow, bytes }])
  if (aside) {
    m.clock.after(captureMs, () => {
      if (m.signal.aborted) return
      endAside(m, aside).catch((e: unknown) => m.log.warn('mirror capture kept', { file: aside, error: e }))
    })
  }
  return 'done'
}

async function dress(m: Mirroring, file: string, over: Stat | undefined, exec: boolean): Promise<Stat> {
  await using handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW)
  return await finish(m.root, handle, { mode: over?.mode ?? (exec ? 0o755 : 0o644), like: m.root.path })
}

/** Puts a copy of what is on disk among the conflicts, before something else takes its place. False where it changed meanwhile. */
export async function keepAside(
  m: Mirroring,
  entry: FileEntry,
  shadow: Shadow | undefined,
  disk: Stat,
): Promise<boolean> {
  const { id, path, facts } = entry
  const name = `${staging}/w-${createId()}`
  const copy = join(m.root.path, name)
  if (!(await copyVersion(m, path, disk, copy))) return false
  const base = shadow && shadow.hash !== '' && { blob: shadow.hash, size: shadow.size }
  await m.conflicts.record(
    path,
    {
      disk: { file: name },
      ...(facts?.blob !== undefined && { remote: { blob: facts.blob, size: facts.size } }),
      ...(base && { base }),
    },
    { kind: shadow ? 'blob' : 'replaced', file: id },
  )
  return true
}

/** Copies exactly this version, never what a link leads to that takes its place; false where it is another by now. */
async function copyVersion(m: Mirroring, path: string, disk: Stat, copy: string): Promise<boolean> {
  const file = openRegular(m.root, path)
  if (typeof file === 'string') return false
  let isWhole = false
  try {
    if (identity(file.stat) !== identity(disk)) return false
    await using handle = await open(copy, 'wx', 0o600)
    for (let at = 0; at < disk.size;) {
      m.signal.throwIfAborted()
      const piece = await file.read(at, pieceBytes)
      if (piece.length === 0) return false
      await handle.appendFile(piece)
      at += piece.length
    }
    return (isWhole = file.isSame())
  } finally {
    file.close()
    if (!isWhole) await unlink(copy).catch(() => {})
  }
}

/** What was written to a replaced inode is another version that nobody has: it is kept. */
async function endAside(m: Mirroring, aside: string): Promise<void> {
  const name = aside.slice(aside.lastIndexOf('/') + 1)
  const [, id = '', expected = ''] = name.split('-')
  const there = look(aside)
  // A repository may bring anything of that name.
  if (typeof there === 'string' || there.kind !== 'file') return
  // With another name it is a file of the folder still.
  if (identity(there) === expected || (await lstat(aside)).nlink > 1) return unlink(aside)
  const path = m.workspace.files.get(id)?.path ?? id
  await m.conflicts.record(path, { disk: { file: `${staging}/${name}` } }, { kind: 'blob', file: id })
}

/** Looks at the inodes that were replaced before the last life ended. */
export async function recoverAsides(m: Mirroring): Promise<void> {
  const dir = join(m.root.path, staging)
  for (const name of await readdir(dir).catch(() => [])) if (name.startsWith('k-')) await endAside(m, join(dir, name))
}
