import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTemporary, removeTemporary } from './temporary.ts'

/**
 * Small contents to hand to a child as open files. Each is written once to a file that is removed at once, so that
 * nothing is left behind however we end; opening it anew gives each child its own position in it.
 */
export function createDataFiles(): { open(content: Buffer | string): number } {
  const fdByContent = new Map<string, number>()
  return {
    open(content) {
      const key = content.toString('latin1')
      let fd = fdByContent.get(key)
      if (fd === undefined) fdByContent.set(key, (fd = openUnlinked(content)))
      return openSync(`/proc/self/fd/${fd}`, 'r')
    },
  }
}

/** Opens one after the other; where one cannot be opened, none stays open. */
export function openAll<T>(files: readonly T[], open: (file: T) => number): number[] {
  const fds: number[] = []
  try {
    for (const file of files) fds.push(open(file))
    return fds
  } catch (e) {
    closeAll(fds)
    throw e
  }
}

export const closeAll = (fds: readonly number[]): void => fds.forEach((fd) => closeSync(fd))

function openUnlinked(content: Buffer | string): number {
  const folder = makeTemporary('data')
  try {
    writeFileSync(join(folder, 'data'), content, { mode: 0o600 })
    return openSync(join(folder, 'data'), 'r')
  } finally {
    removeTemporary(folder)
  }
}
