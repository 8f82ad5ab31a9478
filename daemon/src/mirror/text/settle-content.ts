import { join } from 'node:path'
import { wait, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { keepAside } from '../blob/blob-place.ts'
import { becomeBlob } from '../blob/blobs.ts'
import { readContent } from '../../disk/content.ts'
import { origin, type Mirroring } from '../context.ts'
import { exportText } from './export.ts'
import { commonBases } from './first-meeting.ts'
import { importText } from './import.ts'
import { unreadable } from '../told/failures.ts'
import { noteEnds } from './line-ends.ts'
import { checkParents } from '../../disk/inside.ts'
import type { RemoteText } from '../ports.ts'
import { readStable, type Read } from '../../disk/read.ts'
import { reconcile } from './reconcile.ts'
import { settleMode } from './settle-mode.ts'
import { hashOf, stamped, type Shadow } from '../memory/shadow.ts'
import { birthmark, identity, isExecutable, isRacy, look } from '../../disk/stat.ts'

export type Hint = {
  /** Where the file is on disk now, if it was found elsewhere. */
  found?: string
  /** The text as just read from the server, where that was done for many at once. */
  remote?: RemoteText
  /** What disk and document are taken to have in common, where they never met here and it was found out. */
  base?: string | undefined
  /** The document may have moved. */
  moved?: boolean
  /** The task that ran, alone, when the change was found on disk. */
  task?: Id | undefined
}

/** Content and mode of one file that is where it belongs. */
export async function settleContent(m: Mirroring, entry: FileEntry, hint: Hint): Promise<'done' | 'gone'> {
  const { id } = entry
  const path = join(m.root.path, entry.path)
  let patience = 1
  for (let round = 0; round < 8; round++) {
    const shadow = m.shadows.get(id)
    if (shadow?.behind) hint.moved = true
    if (checkParents(m.root, entry.path, false) === 'blocked') {
      m.refuse(entry.path, 'a parent is not a directory of this folder')
      return 'done'
    }
    const stat = look(path)
    if (stat === 'unreadable') throw unreadable(entry.path)
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
    const touched = !shadow || shadow.identity !== identity(stat) || isRacy(stat, m.clock.now())
    if (!touched && !hint.moved) return await settleMode(m, entry)
    // Where others may have larger texts, one that came from them is a text until somebody here makes it larger.
    const maxBytes = Math.max(m.maxTextBytes, shadow?.size ?? 0)
    const read = await readStable(m.root, entry.path, maxBytes)
    if (read === 'busy' || read === 'missing') {
      await wait(m.clock, 10, m.signal)
      continue
    }
    if (read === 'unreadable') throw unreadable(entry.path)
    if (typeof read === 'string') return 'done'
    const changed = !shadow || hashOf(read.bytes) !== shadow.hash || read.stat.size > maxBytes
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
    const content = read.stat.size > maxBytes ? ({ kind: 'binary' } as const) : readContent(read.bytes)
    if (content.kind === 'binary') {
      if (shadow) return await becomeBlob(m, entry, shadow)
      // Too large for a text, it was not read whole.
      if (!(await keepAside(m, entry, undefined, read.stat))) continue
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
  if (hint.remote && shadow && !remote.includes(shadow.state)) {
    // Read before what was settled last: the document is ahead of it by now.
    delete hint.remote
    return 'again'
  }
  if (!shadow)
    hint.base ??= (await commonBases(m, [{ id, path: entry.path, disk: disk.text, remote: remote.text }])).get(id)
  const base = shadow ? await m.shadows.text(id) : hint.base
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
        task: hint.task,
        shadow: { shadow: next, bytes: read.bytes, before: shadow?.state },
      }),
    )
    noteFacts(m, entry, read, disk.dress)
    // What others had changed is still to be written.
    hint.moved = true
    return 'again'
  }
  if (plan.write !== undefined) {
    if (plan.keep === 'disk')
      await m.conflicts.record(
        entry.path,
        { disk: read.bytes, remote: remote.text },
        { kind: 'unrelated', file: entry.id },
      )
    const result = await exportText(m, id, { entry, remote, over: read })
    return result === 'changed' ? 'again' : 'done'
  }
  if (
    !shadow ||
    shadow.hash !== next.hash ||
    shadow.identity !== next.identity ||
    shadow.state !== remote.state ||
    shadow.behind
  ) {
    await m.shadows.put([{ id, shadow: { ...next, state: remote.state }, bytes: read.bytes }])
  }
  noteFacts(m, entry, read, disk.dress)
  if (disk.dress.eol === 'mixed') await noteEnds(m, entry, read.bytes)
  return 'done'
}

/** Facts change when a file is dressed otherwise; never for a mere size, which would change at every save. */
export function noteFacts(m: Mirroring, { id, facts }: FileEntry, { stat }: Read, dress: Text['dress']): void {
  if (facts && facts.eol === dress.eol && facts.bom === dress.bom) return
  m.workspace.files.transact(
    () =>
      m.workspace.files.setFacts(id, { exec: facts?.exec ?? isExecutable(stat), ...facts, size: stat.size, ...dress }),
    origin,
  )
}
