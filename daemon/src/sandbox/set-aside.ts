import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TandemError } from '@tandem/shared'
import { inParent, type Root } from '../disk/inside.ts'
import { openOwnFolder } from '../disk/own-folder.ts'
import { codeOf, ignoring, isGone } from '../disk/stat.ts'
import type { Identity } from './identity.ts'

const quarantine = '.tandem/quarantine'

type SetAsideOptions = { workspace: string; identity: Identity; name: string }

/**
 * Makes a folder for what is set aside together, and answers the function that moves a path there, relative to the
 * workspace: false where it is gone. Another command may swap folders for links just then, so each path is walked
 * through directories held open. Throws where it cannot be moved.
 */
export async function createSetAside({ workspace, identity, name }: SetAsideOptions) {
  await openOwnFolder(workspace)
  const parent = join(workspace, quarantine)
  await mkdir(parent).catch(ignoring('EEXIST'))
  const folder = await makeNew(parent, name)
  const own = (path: string) => {
    if (identity.drop) chownSync(path, identity.uid, identity.gid)
  }
  for (const each of [parent, join(parent, folder)]) own(each)
  const { dev, ino } = lstatSync(workspace, { bigint: true })
  const root: Root = { path: workspace, dev: String(dev), ino: String(ino) }

  const move = async (path: string): Promise<boolean> => {
    const to = `${quarantine}/${folder}/${path}`
    const moved = await inParent(root, path, (source) =>
      inParent(
        root,
        to,
        async (target) => {
          own(dirname(target))
          return rename(source, target)
        },
        { make: true },
      ),
    )
    if (moved === 'missing') return false
    if (moved === 'blocked') throw new TandemError('path-outside-workspace', { path })
    return moved
  }
  return { folder: `${quarantine}/${folder}`, move }
}

/** A folder that was not there before: nothing that was set aside is ever written over. */
async function makeNew(parent: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? name : `${name}-${n}`
    try {
      await mkdir(join(parent, folder))
      return folder
    } catch (e) {
      if (codeOf(e) !== 'EEXIST') throw e
    }
  }
}

function rename(source: string, target: string): boolean {
  try {
    renameSync(source, target)
    return true
  } catch (e) {
    if (isGone(e)) return false
    if (codeOf(e) !== 'EACCES') throw e
  }
  // The command took our right to write away, which is its owner's to give back.
  const parent = dirname(source)
  const { mode } = statSync(parent)
  chmodSync(parent, mode | 0o700)
  try {
    openToUs(source)
    renameSync(source, target)
    return true
  } finally {
    chmodSync(parent, mode)
  }
}

/** A folder can only be moved by who may write in it. */
function openToUs(path: string): void {
  if (!lstatSync(path).isDirectory()) return
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fchmodSync(fd, fstatSync(fd).mode | 0o700)
  } finally {
    closeSync(fd)
  }
}
