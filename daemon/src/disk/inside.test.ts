import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkParents, inParent, openInside } from './inside.ts'
import { readStable } from './read.ts'
import { createRig } from '../mirror/testing/rig.ts'
import { openRoot, placeNew, removeDirectory, setExecutable, stage, takeOut } from './write.ts'

/** A folder with `d/`, a place outside it, and the swap that an attacker makes: `d` is a link to the outside then. */
async function newFolder() {
  const base = mkdtempSync(join(tmpdir(), 'tandem-inside-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  const [folder, outside] = [join(base, 'folder'), join(base, 'outside')]
  mkdirSync(join(folder, 'd'), { recursive: true })
  mkdirSync(outside)
  const swap = () => {
    renameSync(join(folder, 'd'), join(folder, 'was'))
    symlinkSync(outside, join(folder, 'd'))
  }
  return { root: await openRoot(folder), folder, outside, swap }
}

test('[SBX-33] a directory swapped for a link in the moment of writing: the file stays in the folder', async () => {
  const { root, folder, outside, swap } = await newFolder()
  const staged = await stage(root, Buffer.from('x'), { mode: 0o644, like: folder })
  const placed = await inParent(root, 'd/authorized_keys', async (target) => {
    swap()
    return placeNew(staged.file, target)
  })
  expect(placed).toBe(true)
  expect(readdirSync(outside)).toEqual([])
  expect(readFileSync(join(folder, 'was/authorized_keys'), 'utf8')).toBe('x')
})

test('[SBX-33] nothing is taken away, removed, changed or made behind a link', async () => {
  const { root, folder, outside, swap } = await newFolder()
  writeFileSync(join(outside, 'key'), 'k', { mode: 0o600 })
  mkdirSync(join(outside, 'empty'))
  swap()
  expect(await inParent(root, 'd/key', (target) => takeOut(target, '', join(folder, 'aside')))).toBe('blocked')
  expect(await removeDirectory(root, 'd/empty')).toBe(false)
  setExecutable(root, 'd/key', true)
  expect(checkParents(root, 'd/new/x', true)).toBe('blocked')
  expect(readdirSync(outside).toSorted()).toEqual(['empty', 'key'])
  expect(openInside(root, 'd/key')).toBe('blocked')
})

test('[SBX-33] [MIR-51] what lies behind a link is not read, not even where the last part is an ordinary file', async () => {
  const { root, outside, swap } = await newFolder()
  writeFileSync(join(outside, 'key'), 'SECRET')
  writeFileSync(join(root.path, 'd/key'), 'mine')
  expect(await readStable(root, 'd/key', 100)).toMatchObject({ bytes: Buffer.from('mine') })
  swap()
  expect(await readStable(root, 'd/key', 100)).toBe('other')
})

test('[SBX-33] [MIR-51] a new file in a directory swapped for a link is not shared with the text it leads to', async () => {
  const rig = createRig()
  onTestFinished(rig.close)
  const outside = mkdtempSync(join(tmpdir(), 'tandem-outside-'))
  onTestFinished(() => rmSync(outside, { recursive: true }))
  writeFileSync(join(outside, 'key'), 'SECRET')
  rig.write('d/before.txt', '')
  await rig.start()
  rig.write('d/key', 'dummy')
  renameSync(join(rig.folder, 'd'), join(rig.folder, 'was'))
  symlinkSync(outside, join(rig.folder, 'd'))
  rig.write('after.txt', '')
  await rig.until(() => rig.server.files.snapshot().byPath.has('after.txt'))
  await rig.until(() => rig.server.files.snapshot().byPath.has('was/key'))
  expect(rig.server.files.snapshot().byPath.has('d/key')).toBe(false)
})
