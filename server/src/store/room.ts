import { open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '@tandem/shared'

/** LevelDB passes on only the system's words: a full disk, a full quota, a limit on the size of files. */
const words = /no space left on device|disk quota exceeded|file too large/i
export const isFull = (e: unknown): boolean =>
  words.test(messageOf(e)) || (e instanceof Error && e.cause !== undefined && isFull(e.cause))

const chunk = Buffer.alloc(2 ** 20)

/**
 * Throws the disk's own error where the folder has no room for what opening it anew writes: its log once more, and a
 * little. Closing it before there is room would make even reading impossible.
 */
export async function requireRoom(folder: string): Promise<void> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async (name) => (await stat(path.join(folder, name))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, chunk.length)
  const probe = path.join(folder, 'room.probe')
  const file = await open(probe, 'w')
  try {
    for (let written = 0; written < bytes; written += chunk.length) await file.writeFile(chunk)
    await file.datasync()
  } finally {
    await file.close()
    await rm(probe, { force: true })
  }
}
