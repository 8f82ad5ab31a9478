import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mirroring } from './context.ts'
import { endCapture, importCapture } from './export.ts'
import { readStable } from '../disk/read.ts'
import { hashOf } from './shadow.ts'
import { birthmark, identity, look } from '../disk/stat.ts'
import { staging } from '../disk/write.ts'

/** Before anything else: exports that had reached the disk when the process died were ours, and torn temporaries go. */
export async function recoverExports(m: Mirroring): Promise<void> {
  for (const [id, { shadow, bytes }] of await m.shadows.intents()) {
    const there = look(join(m.root.path, shadow.path))
    // The very file that was put there: whatever was written to it since is an edit of what we wrote.
    if (typeof there === 'object' && birthmark(there) === shadow.birthmark) await m.shadows.put([{ id, shadow, bytes }])
    else await m.shadows.drop([id])
  }
  const names = await readdir(join(m.root.path, staging)).catch(() => [])
  for (const name of names) if (name.startsWith('w-')) await unlink(join(m.root.path, staging, name)).catch(() => {})
}

/** Once in sync: imports under way are made again, the very same update, and writes to replaced inodes are merged. */
export async function recoverImports(m: Mirroring): Promise<void> {
  for (const [id, { update, shadow, bytes }] of await m.shadows.aheads()) {
    await m.locks.run(id, () =>
      m.texts.use(id, m.signal, async (text) => {
        // The server went back behind what this builds upon: the disk is compared afresh.
        if (!text.replay(update)) return m.shadows.drop([id])
        await text.durable(m.signal)
        await m.shadows.put([{ id, shadow: { ...shadow, state: text.read().state }, bytes }])
      }),
    )
    m.again(id)
  }
  for (const capture of await m.shadows.captures()) {
    const there = look(join(m.root.path, capture.file))
    const read =
      typeof there === 'object' && identity(there) !== capture.identity
        ? await readStable(m.root, capture.file, m.maxTextBytes)
        : undefined
    if (typeof read === 'object' && hashOf(read.bytes) !== hashOf(capture.base)) {
      await m.locks.run(capture.id, () => importCapture(m, capture, read.bytes))
    }
    await endCapture(m, capture)
  }
}
