import { join } from 'node:path'
import { BlobHash } from '@tandem/shared'
import type { FileEntry, FileFacts } from '@tandem/shared/docs'
import { keepAside, placeBlob } from './blob-place.ts'
import { sendBlob } from './blob-transfer.ts'
import { readContent } from '../../disk/content.ts'
import { origin, type Mirroring } from '../context.ts'
import { unreadable } from '../told/failures.ts'
import { checkParents } from '../../disk/inside.ts'
import { hashStable } from '../../disk/open.ts'
import { readStable } from '../../disk/read.ts'
import { settleMode } from '../text/settle-mode.ts'
import { hashOf, type Shadow } from '../memory/shadow.ts'
import { ageMs, birthmark, identity, isExecutable, isRacy, look, type Stat } from '../../disk/stat.ts'

/** A version on disk: its hash, empty where it is too large to be shared. */
type OnDisk = { hash: string; stat: Stat; isText: boolean }

/** What is written all the time, such as a log, is taken once it rests for so long. */
const restMs = 2_000
/** Below this even a file that is new is taken at once. */
const smallBytes = 2 ** 20

/**
 * Content and mode of one file that is no text and is where it belongs: three-way, by hashes alone. What is shared
 * stays in place where both sides changed it; the disk's is kept aside.
 */
export async function settleBlob(m: Mirroring, { id, path }: FileEntry): Promise<'done' | 'gone'> {
  for (let round = 0; round < 8; round++) {
    const [entry, shadow] = [m.workspace.files.get(id), m.shadows.get(id)]
    // Renamed meanwhile, perhaps to what is not shared here: the file is moved there first, if it may be.
    if (!entry || entry.deleted || entry.path !== path) break
    if (checkParents(m.root, entry.path, false) === 'blocked') {
      m.refuse(entry.path, 'a parent is not a directory of this folder')
      return 'done'
    }
    const stat = look(join(m.root.path, entry.path))
    if (stat === 'unreadable') throw unreadable(entry.path)
    if (stat !== 'missing' && stat.kind !== 'file') {
      if (shadow) return 'gone'
      m.refuse(entry.path, `a ${stat.kind} is in the way`)
      return 'done'
    }
    if (stat === 'missing' && shadow) return 'gone'
    const disk = stat === 'missing' ? undefined : await versionOf(m, entry, shadow, stat)
    if (disk === 'later') return 'done'
    if ((await agree(m, entry, shadow, disk)) !== 'again') return 'done'
  }
  m.again(id)
  return 'done'
}

async function versionOf(
  m: Mirroring,
  { path, facts }: FileEntry,
  shadow: Shadow | undefined,
  stat: Stat,
): Promise<OnDisk | 'later'> {
  const now = m.clock.now()
  const isKnown = shadow !== undefined && shadow.identity === identity(stat) && !isRacy(stat, now)
  // A large one that is not shared anywhere is left where it is until somebody changes it.
  if (isKnown && (shadow.hash !== '' || facts?.withheld === 'too large'))
    return { hash: shadow.hash, stat, isText: false }
  if (stat.size > m.maxBlobBytes) return { hash: '', stat, isText: false }
  const isRestless = Math.abs(ageMs(stat, now)) < restMs && shadow?.identity !== identity(stat)
  if (isRestless && (shadow?.hash || stat.size > smallBytes) && !m.inHaste()) return later(m, path)
  if (stat.size <= m.maxTextBytes) {
    const read = await readStable(m.root, path, m.maxTextBytes)
    if (read === 'unreadable') throw unreadable(path)
    if (typeof read === 'string' || read.bytes.length !== read.stat.size) return later(m, path)
    return { hash: hashOf(read.bytes), stat: read.stat, isText: readContent(read.bytes).kind === 'text' }
  }
  const read = await hashStable(m.root, path, m.signal)
  if (read === 'unreadable') throw unreadable(path)
  return typeof read === 'string' ? later(m, path) : { ...read, isText: false }
}

function later(m: Mirroring, path: string): 'later' {
  m.lookAt(path, restMs)
  return 'later'
}

/** The table for what cannot be merged. */
async function agree(
  m: Mirroring,
  entry: FileEntry,
  shadow: Shadow | undefined,
  disk: OnDisk | undefined,
): Promise<'done' | 'again'> {
  // The index is anybody's to write: what is no hash names nothing.
  const [base, remote] = [shadow?.hash ?? '', BlobHash.safeParse(entry.facts?.blob).data ?? '']
  if (!disk) return remote === '' ? 'done' : placeBlob(m, entry, undefined)
  if (disk.hash === remote && (remote !== '' || entry.facts?.withheld === 'too large')) {
    await remember(m, entry, shadow, disk)
    return settleMode(m, entry)
  }
  // Nobody says what it is: another daemon could not share its own, or has not yet.
  if (remote === '' && !shadow && entry.facts?.withheld !== undefined) {
    await remember(m, entry, shadow, { ...disk, hash: '' })
    return 'done'
  }
  if (remote === '' || remote === base) {
    if (disk.hash === base && base !== '' && entry.facts?.withheld !== undefined) {
      // Too large elsewhere by now: ours is the last that was shared.
      await remember(m, entry, shadow, disk)
      return settleMode(m, entry)
    }
    if (disk.isText && shadow && disk.hash !== base) return becomeText(m, entry)
    return share(m, entry, shadow, disk)
  }
  if ((entry.facts?.size ?? 0) > m.maxBlobBytes) return placeBlob(m, entry, disk.stat)
  // Both changed it, or they never met; what was not shared is nowhere else either.
  if (disk.hash !== base || base === '') {
    if (!(await keepAside(m, entry, shadow, disk.stat))) return 'again'
  } else {
    const sent = await sendBlob(m, entry.path, disk)
    if (sent === 'changed') return 'again'
    // The server lost what was safely there, as after a backup was restored: the disk is never turned back.
    if (sent === 'sent') return share(m, entry, shadow, disk)
  }
  return (await placeBlob(m, entry, disk.stat)) === 'again' ? 'again' : settleMode(m, entry)
}

async function share(
  m: Mirroring,
  entry: FileEntry,
  shadow: Shadow | undefined,
  disk: OnDisk,
): Promise<'done' | 'again'> {
  const { files } = m.workspace
  if (disk.hash !== '' && (await sendBlob(m, entry.path, disk)) === 'changed') return 'again'
  const now = files.get(entry.id)
  // Somebody else had their say meanwhile.
  if (!now || now.deleted || now.facts?.blob !== entry.facts?.blob || now.path !== entry.path) return 'again'
  const { blob: _blob, withheld: _withheld, ...rest } = now.facts ?? noFacts(disk.stat)
  const facts: FileFacts = {
    ...rest,
    size: disk.stat.size,
    ...(disk.hash === '' ? { withheld: 'too large' } : { blob: disk.hash }),
  }
  if (JSON.stringify(facts) !== JSON.stringify(now.facts)) {
    files.transact(() => files.setFacts(entry.id, facts), origin)
    await m.workspace.indexDurable(m.signal)
  }
  await remember(m, entry, shadow, disk)
  return settleMode(m, entry)
}

async function remember(m: Mirroring, { id, path }: FileEntry, shadow: Shadow | undefined, { hash, stat }: OnDisk) {
  const next: Shadow = {
    path,
    kind: 'blob',
    identity: identity(stat),
    birthmark: birthmark(stat),
    hash,
    size: stat.size,
    // Mode has its own comparison.
    exec: shadow?.exec ?? isExecutable(stat),
    state: '',
  }
  if (shadow && shadow.hash === hash && shadow.identity === next.identity && shadow.path === path) return
  await m.shadows.put([{ id, shadow: next, bytes: new Uint8Array() }])
}

/** It has become a text: that is another document. */
async function becomeText(m: Mirroring, { id, path }: FileEntry): Promise<'done'> {
  const { files, daemonId } = m.workspace
  files.transact(() => files.remove(id, { by: daemonId, at: m.clock.now() }), origin)
  await m.shadows.remove([id])
  m.lookAt(path)
  return 'done'
}

/** A text whose file became binary or too large: its document ends here, with all its history, and a blob begins. */
export async function becomeBlob(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  const deleted = { by: m.workspace.daemonId, at: m.clock.now(), snapshot: shadow.state }
  m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  await m.shadows.remove([entry.id])
  m.lookAt(entry.path)
  return 'done'
}

const noFacts = (stat: Stat): FileFacts => ({ size: stat.size, exec: isExecutable(stat), eol: 'lf', bom: false })
