import { lstatSync } from 'node:fs'
import { readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mirroring } from '../context.ts'
import { openOwnFolder } from '../../disk/own-folder.ts'

/** So long what was taken away can be had back. */
const keptMs = 30 * 86_400_000

/** Puts a file of the folder, by its whole path, where a person may find it again: for 30 days. */
export async function intoTrash({ root }: Pick<Mirroring, 'root'>, file: string, name: string): Promise<void> {
  await rename(file, join(await openOwnFolder(root.path, 'trash'), name))
}

/** Takes away what has lain there for 30 days. What cannot be looked at stays. */
export async function tidyTrash({ root, clock, log }: Pick<Mirroring, 'root' | 'clock' | 'log'>): Promise<void> {
  const trash = await openOwnFolder(root.path, 'trash')
  for (const name of await readdir(trash)) {
    const file = join(trash, name)
    const stat = lstatSync(file, { throwIfNoEntry: false })
    // It was changed last when it came here: the rename itself counts, the time of its content does not.
    if (!stat?.isFile() || clock.now() - stat.ctimeMs < keptMs) continue
    await unlink(file).catch((error: unknown) => log.warn('mirror trash not tidied', { name, error }))
  }
}
