import { mkdir, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, wait, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { readContent } from './content.ts'
import { origin, type Mirroring } from './context.ts'
import { exportText } from './export.ts'
import { importText } from './import.ts'
import { moveOnDisk } from './move.ts'
import type { RemoteText } from './ports.ts'
import { reconcile } from './reconcile.ts'
import { hashOf, type Shadow } from './shadow.ts'
import { birthmark, identity, isExecutable, look, readStable, type Read } from './stat.ts'
import { checkParents, pruneParents, setExecutable, staging, takeOut, trash } from './write.ts'

export type Hint = {
  /** Where the file is on disk now, if it was found elsewhere. */
  found?: string
  /** The text as just read from the server, where that was done for many at once. */
  remote?: RemoteText
  /** The document may have moved. */
  moved?: boolean
}

/** A version written within this time could have been followed by another in the same tick of the file system's clock. */
const racyMs = 2_000

/**
 * Brings one file's entry, text and place on disk to agree; its lock must be held. `gone`: the file has vanished from
 * the disk, and whether that is a deletion is decided for all vanished files together.
 */
export async function settle(m: Mirroring, id: Id, hint: Hint = {}): Promise<'done' | 'gone'> {
  const entry = m.workspace.files.get(id)
  const shadow = m.shadows.get(id)
  if (!entry) return 'done'
  if (entry.deleted) return shadow ? await remove(m, id, shadow) : 'done'
  const holder = m.workspace.files.snapshot().byPath.get(entry.path)
  if (holder && holder.id !== id) return await yieldPath(m, entry, holder)
  if (!shadow) return await arrive(m, entry, hint)
  if (entry.kind === 'dir') return await moveDir(m, entry, shadow)
  const at = hint.found ?? shadow.path
  const stat = look(join(m.root.path, at))
  if (stat === 'unreadable') return 'done'
  if (stat === 'missing' || stat.kind !== 'file') return 'gone'
  if (at !== shadow.path && entry.path === shadow.path) {
    m.workspace.files.transact(() => m.workspace.files.move(id, at), origin)
    await m.workspace.indexDurable(m.signal)
  } else if (at !== entry.path && (await moveOnDisk(m, entry, at)) !== 'moved') return 'done'
  const now = m.workspace.files.get(id) ?? entry
  if (shadow.path !== now.path) await m.shadows.put([{ id, shadow: { ...shadow, path: now.path } }])
  return await settleContent(m, now, hint)
}

/** An entry that was never here: its file is written, or bound to what lies at its path already. */
async function arrive(m: Mirroring, entry: FileEntry, hint: Hint): Promise<'done' | 'gone'> {
  const hidden = m.ignore.reason(entry.path, entry.kind === 'dir')
  if (hidden !== undefined) {
    m.refuse(entry.path, `not shared: ${hidden}`)
    return 'done'
  }
  const other = m.shadows.idAt(entry.path)
  // Another file of ours still lies there and is about to leave, or to go.
  if (other !== undefined && other !== entry.id) {
    m.again(other)
    m.again(entry.id)
    return 'done'
  }
  if (entry.kind === 'dir') {
    if ((await checkParents(m.root, `${entry.path}/x`, true)) === 'ok')
      await m.shadows.put([{ id: entry.id, shadow: dirShadow(entry.path) }])
    return 'done'
  }
  if (entry.kind !== 'text') {
    const stat = look(join(m.root.path, entry.path))
    if (typeof stat === 'object' && stat.kind === 'file') {
      const shadow = {
        path: entry.path,
        kind: 'blob',
        identity: identity(stat),
        birthmark: birthmark(stat),
        hash: '',
        size: stat.size,
        exec: isExecutable(stat),
        state: '',
      } as const
      await m.shadows.put([{ id: entry.id, shadow, bytes: new Uint8Array() }])
    }
    return 'done'
  }
  return await settleContent(m, entry, { ...hint, moved: true })
}

const dirShadow = (path: string): Shadow => ({
  path,
  kind: 'dir',
  identity: '',
  birthmark: '',
  hash: '',
  size: 0,
  exec: false,
  state: '',
})

/** Content and mode of one file that is where it belongs. */
async function settleContent(m: Mirroring, entry: FileEntry, hint: Hint): Promise<'done' | 'gone'> {
  const { id } = entry
  const path = join(m.root.path, entry.path)
  let patience = 1
  for (let round = 0; round < 8; round++) {
    const shadow = m.shadows.get(id)
    if ((await checkParents(m.root, entry.path, false)) === 'blocked') {
      m.refuse(entry.path, 'a parent is not a directory of this folder')
      return 'done'
    }
    const stat = look(path)
    if (stat === 'unreadable') return 'done'
    if (stat === 'missing') {
      if (shadow) return 'gone'
      if ((await bring(m, entry, undefined, hint)) === 'changed') continue
      return 'done'
    }
    if (stat.kind !== 'file') {
      if (shadow) return 'gone'
      m.refuse(entry.path, `a ${stat.kind} is in the way`)
      return 'done'
    }
    const fresh = m.clock.now() - Number(BigInt(stat.mtimeNs) / 1_000_000n) < racyMs
    const touched = !shadow || shadow.identity !== identity(stat) || fresh
    if (!touched && !hint.moved) return await settleMode(m, entry)
    if (shadow?.kind === 'blob') return await noticeBlob(m, entry, shadow, stat.size)
    const read = await readStable(path, m.maxTextBytes)
    if (read === 'busy' || read === 'missing') {
      await wait(m.clock, 10, m.signal)
      continue
    }
    if (typeof read === 'string') return 'done'
    const changed = !shadow || hashOf(read.bytes) !== shadow.hash || read.stat.size > m.maxTextBytes
    // Whoever truncates and then writes is in between: nobody should see the empty state.
    if (changed && shadow && read.stat.size < shadow.size / 2 && patience-- > 0) {
      m.log.debug('mirror file shrank', { path: entry.path })
      await wait(m.clock, 100, m.signal)
      continue
    }
    if (!changed && !hint.moved) {
      if (shadow.identity !== identity(read.stat)) await m.shadows.put([{ id, shadow: stamped(shadow, read) }])
      return await settleMode(m, entry)
    }
    const content = read.stat.size > m.maxTextBytes ? ({ kind: 'binary' } as const) : readContent(read.bytes)
    if (content.kind === 'binary') {
      if (shadow) return await becomeBlob(m, entry, shadow)
      await m.conflicts.record(entry.path, { disk: read.bytes })
      if ((await bring(m, entry, read, hint)) === 'changed') continue
      return 'done'
    }
    const outcome = await settleText(m, entry, shadow, read, content, hint)
    if (outcome === 'again') continue
    return await settleMode(m, entry)
  }
  m.again(id)
  return 'done'
}

/** Writes the document's text to disk. */
async function bring(
  m: Mirroring,
  entry: FileEntry,
  over: Read | undefined,
  hint: Hint,
): Promise<'written' | 'changed' | 'blocked'> {
  if (hint.remote) return exportText(m, entry.id, { entry, remote: hint.remote, over })
  return m.texts.use(entry.id, m.signal, (text) => exportText(m, entry.id, { entry, remote: text.read(), over }))
}

type Text = { text: string; dress: { eol: 'lf' | 'crlf' | 'mixed'; bom: boolean } }

async function settleText(
  m: Mirroring,
  entry: FileEntry,
  shadow: Shadow | undefined,
  read: Read,
  disk: Text,
  hint: Hint,
): Promise<'done' | 'again'> {
  const { id } = entry
  const known = shadow && readContent(await m.shadows.bytes(id))
  const base = known?.kind === 'text' ? known.text : undefined
  const next = {
    path: entry.path,
    kind: 'text' as const,
    identity: identity(read.stat),
    birthmark: birthmark(read.stat),
    hash: hashOf(read.bytes),
    size: read.bytes.length,
    // Mode has its own comparison: it is not settled by content.
    exec: shadow?.exec ?? isExecutable(read.stat),
  }
  const remoteOf = async (): Promise<RemoteText> =>
    hint.remote ?? (await m.texts.use(id, m.signal, async (text) => text.read()))
  const remote = await remoteOf()
  const plan = reconcile({
    base,
    disk: disk.text,
    remote: remote.text,
    remoteHasBase: !shadow || remote.includes(shadow.state),
  })
  if (plan.edit !== undefined) {
    delete hint.remote
    await m.texts.use(id, m.signal, (text) =>
      importText(m, id, {
        text,
        base,
        disk: disk.text,
        shadow: { shadow: next, bytes: read.bytes, before: shadow?.state },
      }),
    )
    noteFacts(m, entry, read, disk.dress)
    // What others had changed is still to be written.
    hint.moved = true
    return 'again'
  }
  if (plan.write !== undefined) {
    if (plan.keep === 'disk') await m.conflicts.record(entry.path, { disk: read.bytes })
    const result = await exportText(m, id, { entry, remote, over: read })
    return result === 'changed' ? 'again' : 'done'
  }
  if (!shadow || shadow.hash !== next.hash || shadow.identity !== next.identity || shadow.state !== remote.state) {
    await m.shadows.put([{ id, shadow: { ...next, state: remote.state }, bytes: read.bytes }])
  }
  noteFacts(m, entry, read, disk.dress)
  return 'done'
}

const stamped = (shadow: Shadow, { stat }: Read): Shadow => ({
  ...shadow,
  identity: identity(stat),
  birthmark: birthmark(stat),
})

/** Facts change when a file is dressed otherwise; never for a mere size, which would change at every save. */
function noteFacts(m: Mirroring, { id, facts }: FileEntry, { stat }: Read, dress: Text['dress']): void {
  if (facts && facts.eol === dress.eol && facts.bom === dress.bom) return
  m.workspace.files.transact(
    () =>
      m.workspace.files.setFacts(id, { exec: facts?.exec ?? isExecutable(stat), ...facts, size: stat.size, ...dress }),
    origin,
  )
}

/** The executable bit, both ways: whichever side changed it last since they agreed. */
async function settleMode(m: Mirroring, entry: FileEntry): Promise<'done'> {
  const shadow = m.shadows.get(entry.id)
  const file = join(m.root.path, entry.path)
  const stat = look(file)
  if (!shadow || typeof stat === 'string' || stat.kind !== 'file') return 'done'
  const facts = m.workspace.files.get(entry.id)?.facts
  const [onDisk, inIndex] = [isExecutable(stat), facts?.exec ?? shadow.exec]
  if (onDisk !== shadow.exec) {
    const size = facts?.size ?? stat.size
    m.workspace.files.transact(
      () => m.workspace.files.setFacts(entry.id, { eol: 'lf', bom: false, ...facts, size, exec: onDisk }),
      origin,
    )
  } else if (inIndex !== shadow.exec) await setExecutable(file, stat.mode, inIndex)
  const exec = onDisk !== shadow.exec ? onDisk : inIndex
  if (exec !== shadow.exec) await m.shadows.put([{ id: entry.id, shadow: { ...shadow, exec } }])
  return 'done'
}

/** Blobs are listed, not shared yet: their facts follow the disk. */
async function noticeBlob(m: Mirroring, entry: FileEntry, shadow: Shadow, size: number): Promise<'done'> {
  const read = await readStable(join(m.root.path, entry.path), m.maxTextBytes)
  if (typeof read === 'string') return 'done'
  const isText = size <= m.maxTextBytes && readContent(read.bytes).kind === 'text'
  if (isText) {
    // It has become a text: that is another document.
    m.workspace.files.transact(
      () => m.workspace.files.remove(entry.id, { by: m.workspace.daemonId, at: m.clock.now() }),
      origin,
    )
    await m.shadows.remove([entry.id])
    m.lookAt(entry.path)
    return 'done'
  }
  if (identity(read.stat) === shadow.identity) return 'done'
  const withheld = size > m.maxTextBytes ? 'too large' : 'binary'
  m.workspace.files.transact(
    () =>
      m.workspace.files.setFacts(entry.id, {
        exec: shadow.exec,
        eol: 'lf',
        bom: false,
        ...entry.facts,
        size,
        withheld,
      }),
    origin,
  )
  await m.shadows.put([{ id: entry.id, shadow: { ...stamped(shadow, read), size } }])
  return 'done'
}

/** A text whose file became binary or too large: its document ends here, with all its history, and a blob begins. */
async function becomeBlob(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  const deleted = { by: m.workspace.daemonId, at: m.clock.now(), snapshot: shadow.state }
  m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  await m.shadows.remove([entry.id])
  m.lookAt(entry.path)
  return 'done'
}

/** A deletion from outside. An edit that has not been shared yet beats it; what cannot be restored goes to the trash. */
async function remove(m: Mirroring, id: Id, shadow: Shadow): Promise<'done' | 'gone'> {
  const target = join(m.root.path, shadow.path)
  if (shadow.kind === 'dir') {
    await rmdir(target).catch(() => {})
    await m.shadows.remove([id])
    return 'done'
  }
  if ((await checkParents(m.root, shadow.path, false)) === 'blocked') return 'done'
  const read = await readStable(target, m.maxTextBytes)
  if (read === 'busy') {
    m.again(id)
    return 'done'
  }
  if (typeof read === 'object') {
    const edited = shadow.kind === 'text' ? hashOf(read.bytes) !== shadow.hash : identity(read.stat) !== shadow.identity
    const aside = join(m.root.path, staging, `c-${createId()}`)
    if (edited || (await takeOut(target, identity(read.stat), aside)) === 'changed') {
      m.log.info('mirror deletion refused', { path: shadow.path, reason: 'edited here meanwhile' })
      m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
      m.again(id)
      return 'done'
    }
    if (shadow.kind === 'text') await unlink(aside).catch(() => {})
    else await keepInTrash(m, aside, shadow.path)
    await pruneParents(m.root, shadow.path)
  } else if (read !== 'missing') return 'done'
  await m.shadows.remove([id])
  return 'done'
}

async function keepInTrash(m: Mirroring, aside: string, path: string): Promise<void> {
  await mkdir(join(m.root.path, trash), { recursive: true })
  await rename(aside, join(m.root.path, trash, `${createId()}-${nameOf(path)}`))
}

async function moveDir(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  if (shadow.path === entry.path) return 'done'
  await rmdir(join(m.root.path, shadow.path)).catch(() => {})
  await m.shadows.remove([entry.id])
  m.again(entry.id)
  return 'done'
}

/** Two entries claim one path, and this one has the higher id: it goes, its text kept aside unless the other has it too. */
async function yieldPath(m: Mirroring, entry: FileEntry, holder: FileEntry): Promise<'done'> {
  const shadow = m.shadows.get(entry.id)
  if (entry.kind === 'text' && holder.kind === 'text') {
    const texts = await m.workspace.read([entry.id, holder.id], m.signal)
    const [mine, theirs] = [texts.get(entry.id), texts.get(holder.id)]
    if (!mine || !theirs) return 'done'
    if (mine.text !== theirs.text && mine.text !== '') await m.conflicts.record(entry.path, { remote: mine.text })
    const deleted = { by: m.workspace.daemonId, at: m.clock.now(), snapshot: mine.state }
    m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  } else {
    m.workspace.files.transact(
      () => m.workspace.files.remove(entry.id, { by: m.workspace.daemonId, at: m.clock.now() }),
      origin,
    )
  }
  await m.workspace.indexDurable(m.signal)
  // The file itself stays: it is the other's now, and compared with it.
  if (shadow?.path === entry.path) await m.shadows.remove([entry.id])
  m.again(holder.id)
  return 'done'
}
