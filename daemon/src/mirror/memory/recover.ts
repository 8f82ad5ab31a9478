import { statSync } from 'node:fs'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import { recoverCapture } from '../text/captures.ts'
import { origin, type Mirroring } from '../context.ts'
import { recoverMoves, recoverParked } from '../place/move.ts'
import { intoTrash } from '../place/trash.ts'
import { recoverRemoval } from '../place/remove.ts'
import { look } from '../../disk/stat.ts'
import { staging } from '../../disk/write.ts'

/** Before anything else: exports that had reached the disk when the process died were ours, and torn temporaries go. */
export async function recoverExports(m: Mirroring): Promise<void> {
  for (const [id, { shadow, bytes, staged, changedNs }] of await m.shadows.intents()) {
    // Placed, whatever became of it since: edited, renamed or replaced, it is what others then worked on.
    if (isPlaced(join(m.root.path, staged), changedNs)) await m.shadows.put([{ id, shadow, bytes }])
    else await m.shadows.drop([id])
  }
  await recoverMoves(m)
  const dir = join(m.root.path, staging)
  const captures = new Set((await m.shadows.captures()).map(({ file }) => file))
  for (const name of await readdir(dir).catch(() => [])) {
    const [kind, id] = [name.slice(0, 2), name.slice(2) as Id]
    if (kind === 'w-') await unlink(join(dir, name)).catch(() => {})
    else if (kind === 'p-') await recoverParked(m, id, name)
    else if (kind === 'd-') await recoverRemoval(m, id, join(dir, name))
    // Nobody knows of it any more: for a person to look at.
    else if (kind === 'c-' && !captures.has(`${staging}/${name}`)) await intoTrash(m, join(dir, name), name)
  }
}

/** A staged file that has been placed has left, or has a second name, or had one that was taken from it since. */
function isPlaced(staged: string, changedNs: string | undefined): boolean {
  const names = statSync(staged, { bigint: true, throwIfNoEntry: false })
  return names?.nlink !== 1n || (changedNs !== undefined && String(names.ctimeNs) !== changedNs)
}

/** Once in sync: imports under way are made again, the very same update, and writes to replaced inodes are merged. */
export async function recoverImports(m: Mirroring): Promise<void> {
  const aheads = await m.shadows.aheads()
  for (let i = 0; i < aheads.length; i += atOnce) {
    const some = new Map(aheads.slice(i, i + atOnce))
    const read = await m.workspace.read([...some.keys()], m.signal)
    const again = [...some].flatMap(([id, { update, shadow, bytes }]) => {
      const state = read.get(id)?.replay(update)
      // What the document had besides is still to be written.
      return state === undefined ? [] : [{ id, update, bytes, shadow: { ...shadow, state, behind: true as const } }]
    })
    const refused = await m.workspace.change(again, undefined, m.signal)
    const taken = again.filter(({ id }) => !refused.has(id))
    await m.shadows.put(taken)
    // The server went back behind what it builds upon, or refuses it: the disk is compared afresh.
    await m.shadows.drop([...some.keys()].filter((id) => !taken.some((each) => each.id === id)))
    for (const id of some.keys()) m.again(id)
  }
  for (const capture of await m.shadows.captures()) await recoverCapture(m, capture)
  await recoverEntries(m)
}

const atOnce = 200

/**
 * Files whose texts were put while their entries never reached the server: they are made now, under the same ids. What
 * is not on disk any more was never shared; anything but texts is shared anew.
 */
async function recoverEntries(m: Mirroring): Promise<void> {
  const { files } = m.workspace
  const lost = [...m.shadows.all()].filter(([id]) => !files.get(id))
  const { byPath } = files.snapshot()
  const back = lost.filter(
    ([, { kind, path }]) => kind === 'text' && !byPath.has(path) && typeof look(join(m.root.path, path)) === 'object',
  )
  await m.shadows.remove(lost.filter((each) => !back.includes(each)).map(([id]) => id))
  if (back.length === 0) return
  m.log.info('mirror entries made again', { files: back.length })
  files.transact(() => {
    for (const [id, { path, size, exec }] of back) files.create(path, 'text', { size, exec, eol: 'lf', bom: false }, id)
  }, origin)
  for (const [id] of back) m.again(id)
}
