import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { readContent } from '../../disk/content.ts'
import type { Mirroring } from '../context.ts'
import { importText } from './import.ts'
import { readStable, type Read } from '../../disk/read.ts'
import type { Capture } from '../memory/shadow.ts'
import { birthmark, identity, look } from '../../disk/stat.ts'

/** How long the replaced inode is kept for a writer that still had it open. */
const captureMs = 2_000

/** Looks at the replaced inode now and once more after a while: what was written to it in between is an edit like any other. */
export function watchCapture(m: Mirroring, capture: Capture): void {
  let known = capture
  const check = async (last: boolean) => {
    // Nearly none is ever written to, and then it need not be read.
    const there = look(join(m.root.path, capture.file))
    const isTouched = typeof there === 'object' && identity(there) !== known.identity
    const read = isTouched && (await readStable(m.root, capture.file, m.maxTextBytes))
    if (typeof read === 'object') known = await m.locks.run(capture.id, () => importCapture(m, known, read))
    if (last) await endCapture(m, capture)
  }
  const failed = (e: unknown) => m.log.warn('mirror capture kept', { file: capture.file, error: e })
  // Not waited for: the lock of this very file is held by whoever called us.
  const first = check(false).catch(failed)
  m.clock.after(captureMs, () => {
    if (!m.signal.aborted) first.then(() => check(true)).catch(failed)
  })
}

/**
 * Merges into the document what was written to an inode that had just been replaced. How far it came is noted first,
 * with the very update: one that was made before a crash is not made a second time after it.
 */
async function importCapture(m: Mirroring, capture: Capture, read: Read): Promise<Capture> {
  const next = { ...capture, base: read.bytes, identity: identity(read.stat) }
  if (read.bytes.length < read.stat.size) {
    // Too large for a text, and not read whole.
    const path = m.shadows.get(capture.id)?.path ?? capture.id
    await m.conflicts.record(path, { disk: { file: capture.file } }, { kind: 'replaced', file: capture.id })
    return next
  }
  const [base, disk] = [readContent(capture.base), readContent(read.bytes)]
  if (base.kind !== 'text' || disk.kind !== 'text') {
    const path = m.shadows.get(capture.id)?.path ?? capture.id
    await m.conflicts.record(path, { disk: read.bytes }, { kind: 'replaced', file: capture.id })
    return next
  }
  const note = (update: Uint8Array) => m.shadows.advance({ ...next, update: Buffer.from(update).toString('base64') })
  await m.texts.use(capture.id, m.signal, (text) =>
    importText(m, capture.id, { text, base: base.text, disk: disk.text, note }),
  )
  m.again(capture.id)
  return next
}

/** After a crash: what was merged last is sent again, and the inode is watched as if it had just been replaced. */
export async function recoverCapture(m: Mirroring, capture: Capture): Promise<void> {
  const there = look(join(m.root.path, capture.file))
  // Still the file's own: it never came to the exchange, and what was written to it is found there.
  if (typeof there === 'string' || m.shadows.idBorn(birthmark(there)) !== undefined) return endCapture(m, capture)
  const { update } = capture
  if (update !== undefined)
    await m.locks.run(capture.id, () =>
      m.texts.use(capture.id, m.signal, async (text) => {
        if (text.replay(Buffer.from(update, 'base64'))) await text.durable(m.signal)
      }),
    )
  m.again(capture.id)
  watchCapture(m, capture)
}

async function endCapture(m: Mirroring, capture: Capture): Promise<void> {
  await unlink(join(m.root.path, capture.file)).catch(() => {})
  await m.shadows.release(capture.key)
}
