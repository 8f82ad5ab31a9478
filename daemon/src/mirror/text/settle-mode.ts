import { join } from 'node:path'
import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from '../context.ts'
import { isExecutable, look } from '../../disk/stat.ts'
import { setExecutable } from '../../disk/write.ts'

/** The executable bit, both ways: whichever side changed it last since they agreed. */
export async function settleMode(m: Mirroring, entry: FileEntry): Promise<'done'> {
  const shadow = m.shadows.get(entry.id)
  const stat = look(join(m.root.path, entry.path))
  if (!shadow || typeof stat === 'string' || stat.kind !== 'file') return 'done'
  const facts = m.workspace.files.get(entry.id)?.facts
  const [onDisk, inIndex] = [isExecutable(stat), facts?.exec ?? shadow.exec]
  if (onDisk !== shadow.exec) {
    const size = facts?.size ?? stat.size
    m.workspace.files.transact(
      () => m.workspace.files.setFacts(entry.id, { eol: 'lf', bom: false, ...facts, size, exec: onDisk }),
      origin,
    )
  } else if (inIndex !== shadow.exec) setExecutable(m.root, entry.path, inIndex)
  const exec = onDisk !== shadow.exec ? onDisk : inIndex
  if (exec !== shadow.exec) await m.shadows.put([{ id: entry.id, shadow: { ...shadow, exec } }])
  return 'done'
}
