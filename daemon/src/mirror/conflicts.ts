import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, type Clock, type Id, type Log } from '@tandem/shared'
import type { MirrorConflict } from '@tandem/shared/docs'
import { openOwnFolder } from '../disk/own-folder.ts'

/** `merged`: what was made of them. */
export type Sides = Partial<Record<'base' | 'disk' | 'remote' | 'merged', Side>>
/** Content; a file of the daemon's own in the folder (below `.tandem/tmp`), which is moved; or a blob that the server has. */
export type Side = Uint8Array | string | { file: string } | { blob: string; size: number }

export type Conflicts = {
  /** Keeps all the sides there are in `.tandem/conflicts/`, where no compiler looks, and answers once they are on disk. */
  record(path: string, sides: Sides, about?: { kind: MirrorConflict['kind']; file?: Id | undefined }): Promise<void>
  list(): readonly MirrorConflict[]
}

const shown = 50

/** Keeps what a merge could not decide, and what was replaced at a path, for a person to look at. */
export function createConflicts(root: string, clock: Clock, log: Log, changed: () => void): Conflicts {
  let list: readonly MirrorConflict[] = []
  return {
    record: async (path, sides, { kind, file } = { kind: 'lines' }) => {
      const at = clock.now()
      const stamp = new Date(at).toISOString().replaceAll(/[:.]/g, '-')
      const record = `.tandem/conflicts/${stamp}-${createId().slice(-4)}-${nameOf(path)}`
      await openOwnFolder(root, 'conflicts')
      for (const [side, content] of Object.entries(sides)) {
        if (typeof content === 'string' || content instanceof Uint8Array)
          await writeFile(join(root, `${record}.${side}`), content, { mode: 0o600, flag: 'wx' })
      }
      log.warn('mirror conflict', { path, record })
      list = [...list, { id: createId(), kind, path, file, at, record, sides: {} }].slice(-shown)
      changed()
    },
    list: () => list,
  }
}
