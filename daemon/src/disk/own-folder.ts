import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TandemError } from '@tandem/shared'
import { ignoring } from './stat.ts'

/** What the daemon keeps of its own in the folder: on its way in or out, taken away, and both sides of conflicts. */
type Part = 'tmp' | 'trash' | 'conflicts'

/**
 * The absolute path of `.tandem`, or of a part of it, made where missing. A repository may bring a link of that name,
 * through which the daemon would write wherever its author likes: throws `folder-unreadable` then.
 */
export async function openOwnFolder(root: string, part?: Part): Promise<string> {
  let name = ''
  for (const each of ['.tandem', ...(part ? [part] : [])]) {
    name = join(name, each)
    await mkdir(join(root, name)).catch(ignoring('EEXIST'))
    if (!(await lstat(join(root, name))).isDirectory()) {
      throw new TandemError('folder-unreadable', {
        reason: `${name} is a link or a file, where Tandem keeps its own: remove it`,
        folder: root,
      })
    }
  }
  return join(root, name)
}
