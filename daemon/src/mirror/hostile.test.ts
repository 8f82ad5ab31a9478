import {
  chmodSync,
  closeSync,
  openSync,
  writeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { MirrorConflict } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const at = (path: string) => join(rig.folder, path)
const facts = { size: 5, exec: false, eol: 'lf' as const, bom: false }

test('[MIR-130] a blob that is named by a path reaches nothing outside of the daemon’s own folder', async () => {
  const victim = join(dirname(rig.folder), 'victim')
  writeFileSync(victim, 'mine\n')
  rig.write('logo.bin', new Uint8Array([0, 1, 2]))
  const mirror = await rig.start()
  const blob = '/../../../../victim'
  rig.server.files.create('evil.bin', 'blob', { ...facts, blob })
  rig.server.files.setFacts(rig.server.id('logo.bin'), { ...facts, blob })
  await mirror.flush()
  expect(readFileSync(victim, 'utf8')).toBe('mine\n')
  expect([...readFileSync(at('logo.bin'))]).toEqual([0, 1, 2])
  // The folder that has it says again what it is.
  expect(rig.server.blob('logo.bin')).toHaveLength(3)
})

test('[MIR-131] a shared file that was renamed elsewhere to what is hidden here never takes up what lies there', async () => {
  rig.write('notes.txt', 'notes\n')
  rig.write('other.txt', 'other\n')
  rig.write('.env', 'SECRET=1\n')
  const mirror = await rig.start()
  const id = rig.server.id('notes.txt')
  rig.server.files.move(id, '.env')
  await mirror.flush()
  unlinkSync(at('notes.txt'))
  await mirror.settle()
  expect(rig.server.text(id)).toBe('notes\n')
  expect(rig.read('.env')).toBe('SECRET=1\n')
})

test('[MIR-131] nor while its next version is on its way to the server', async () => {
  rig.write('logo.bin', new Uint8Array([0, 1]))
  rig.write('keys.p12', new Uint8Array([0, 7, 7]))
  let meanwhile = () => {}
  const join: typeof rig.server.join = (...given) => {
    const workspace = rig.server.join(...given)
    const put: typeof workspace.blobs.put = async (...blob) => {
      meanwhile()
      await workspace.blobs.put(...blob)
    }
    return { ...workspace, blobs: { ...workspace.blobs, put } }
  }
  const mirror = await rig.start({ server: { ...rig.server, join } })
  const id = rig.server.id('logo.bin')
  meanwhile = () => {
    meanwhile = () => {}
    rig.server.files.move(id, 'keys.p12')
  }
  rig.write('logo.bin', new Uint8Array([0, 1, 2]))
  await mirror.settle()
  expect([...(rig.server.blob('keys.p12') ?? [])]).toEqual([0, 1])
  rig.server.files.move(id, 'logo.bin')
  await mirror.settle()
  expect([...(rig.server.blob('logo.bin') ?? [])]).toEqual([0, 1, 2])
})

test('[MIR-132] a link of this machine alone is neither replaced nor told of, nor is one behind it', async () => {
  mkdirSync(join(rig.folder, '..', 'private'))
  symlinkSync('acme-corp', join(rig.folder, '..', 'private/customer'))
  symlinkSync('/home/somebody/secret', at('data'))
  symlinkSync('../private', at('out'))
  rig.write('a.txt', 'a\n')
  const mirror = await rig.start()
  for (const path of ['data', 'out/customer']) rig.server.files.create(path, 'symlink', { ...facts, blob: 'a.txt' })
  await mirror.flush()
  expect(readlinkSync(at('data'))).toBe('/home/somebody/secret')
  expect(readdirSync(at('.tandem/conflicts'))).toEqual([])
  expect(mirror.state.snapshot().alerts.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['data', 'out/customer']),
  )
  unlinkSync(at('data'))
  await rig.until(() => existsSync(at('data')), 'written once its own has gone')
})

test('[MIR-132] a shared link that leads elsewhere on this machine by now stays so, whatever it became for others', async () => {
  rig.write('a.txt', 'a\n')
  rig.write('b.txt', 'b\n')
  symlinkSync('a.txt', at('link'))
  await rig.start()
  await rig.stop()
  unlinkSync(at('link'))
  symlinkSync('/home/somebody/secret', at('link'))
  rig.server.files.setFacts(rig.server.id('link'), { ...facts, blob: 'b.txt' })
  const mirror = await rig.start()
  await mirror.settle()
  expect(readlinkSync(at('link'))).toBe('/home/somebody/secret')
  expect(readdirSync(at('.tandem/conflicts'))).toEqual([])
})

test('[MIR-133] a file too large for a text is kept whole where a text takes its place', async () => {
  const large = 'line\n'.repeat(1_000)
  rig.write('notes.txt', large)
  rig.server.create('notes.txt', 'theirs\n')
  const mirror = await rig.start({ maxTextBytes: 1_000 })
  await mirror.settle()
  expect(rig.read('notes.txt')).toBe('theirs\n')
  const kept = readdirSync(at('.tandem/conflicts')).filter((name) => name.endsWith('.disk'))
  expect(kept.map((name) => rig.read(`.tandem/conflicts/${name}`))).toEqual([large])
})

test('[MIR-133] nor does a text become empty because its replaced file grew too large for one', async () => {
  rig.write('notes.txt', 'notes\n')
  const mirror = await rig.start({ maxTextBytes: 1_000 })
  const id = rig.server.id('notes.txt')
  const old = openSync(at('notes.txt'), 'r+')
  rig.server.edit(id, 'notes', 'theirs')
  await rig.until(() => rig.disk('notes.txt') === 'theirs\n', 'replaced')
  writeSync(old, 'line\n'.repeat(1_000))
  closeSync(old)
  const kept = () => readdirSync(at('.tandem/conflicts')).filter((name) => name.endsWith('.disk'))
  await rig.until(() => kept().length > 0, 'kept')
  await mirror.settle()
  expect(rig.server.text(id)).toBe('theirs\n')
  expect(statSync(at(`.tandem/conflicts/${kept()[0]}`)).size).toBe(5_000)
})

test('[MIR-134] what others write never runs as somebody else: set-user-id bits do not outlive it', async () => {
  rig.write('tool.sh', '#!/bin/sh\n')
  rig.write('tool.bin', new Uint8Array([0, 1]))
  for (const path of ['tool.sh', 'tool.bin']) chmodSync(at(path), 0o6755)
  const mirror = await rig.start()
  rig.server.edit(rig.server.id('tool.sh'), '#!/bin/sh\n', '#!/bin/sh\nid\n')
  rig.server.putBlob('tool.bin', new Uint8Array([0, 9]), rig.server.id('tool.bin'))
  await mirror.flush()
  expect(rig.read('tool.sh')).toContain('id')
  for (const path of ['tool.sh', 'tool.bin']) expect(statSync(at(path)).mode & 0o7777).toBe(0o755)
})

test('[MIR-135] what a repository brings in the daemon’s own folder is not followed, and stops nothing', async () => {
  const victim = join(dirname(rig.folder), 'victim')
  writeFileSync(victim, 'mine\n', { mode: 0o644 })
  mkdirSync(at('.tandem/tmp/k-folder'), { recursive: true })
  symlinkSync(victim, at('.tandem/tmp/k-id-1.2.3-x'))
  rig.write('a.txt', 'a\n')
  const mirror = await rig.start()
  await mirror.settle()
  expect(rig.server.at('a.txt')).toBe('a\n')
  expect(statSync(victim).mode & 0o777).toBe(0o644)
  expect(readdirSync(at('.tandem/conflicts'))).toEqual([])
})

test('[MIR-136] a name as long as the system allows goes to the trash as others do', async () => {
  const mirror = await rig.start()
  const names = ['x', 'y', 'z'].map((letter) => letter.repeat(250))
  for (const name of names) rig.server.create(name, `${name}\n`)
  await mirror.flush()
  rig.server.files.transact(() => {
    for (const name of names) rig.server.files.remove(rig.server.id(name), { by: rig.server.id(name), at: 1 })
  }, 'somebody')
  await mirror.flush()
  expect(readdirSync(rig.folder).toSorted()).toEqual(['.tandem'])
  expect(readdirSync(at('.tandem/trash'))).toHaveLength(3)
  expect(readdirSync(at('.tandem/tmp')).filter((name) => name.startsWith('d-'))).toEqual([])
})

test('[MIR-136] line ends that are said to be in what is no text keep no text from the disk', async () => {
  rig.write('b.txt', new Uint8Array([0xff, 10]))
  const mixed = rig.server.create('b.txt', 'one\ntwo\n')
  rig.server.files.setFacts(mixed, { ...facts, eol: 'mixed' })
  const mirror = await rig.start()
  expect(rig.disk('b.txt')).toBe('one\ntwo\n')
  rig.server.putBlob('noise.bin', new Uint8Array([0xff, 0xfe, 0xfd]))
  const ends = rig.server.files.get(rig.server.id('noise.bin'))?.facts?.blob
  const id = rig.server.create('a.txt', 'one\ntwo\n')
  rig.server.files.setFacts(id, { ...facts, eol: 'mixed', ends })
  await mirror.flush()
  expect(rig.disk('a.txt')).toBe('one\ntwo\n')
})

test('[MIR-137] a yes to a deletion that was there before anything was asked, as in a clone, is none', async () => {
  for (let i = 0; i < 30; i++) rig.write(`f${i}.ts`, `${i}\n`)
  rig.write('.tandem/confirm-deletes', '')
  const mirror = await rig.start()
  for (let i = 0; i < 30; i++) unlinkSync(at(`f${i}.ts`))
  await rig.until(() => mirror.state.snapshot().phase === 'halted' || rig.server.files.snapshot().byPath.size === 0)
  expect(rig.server.files.snapshot().byPath.size).toBe(30)
})

test('[MIR-130] a conflict says of a blob only what a reader can believe', async () => {
  const mirror = await rig.start()
  const first = rig.server.putBlob('logo.bin', new Uint8Array([0, 1]))
  await mirror.flush()
  rig.server.files.create('logo.bin', 'blob', { ...facts, size: -1, blob: '../evil' })
  await mirror.flush()
  rig.server.putBlob('new.bin', new Uint8Array([0, 7]))
  const id = rig.server.id('new.bin')
  rig.server.files.setFacts(id, { ...facts, size: 0.5, blob: rig.server.files.get(first)?.facts?.blob })
  rig.write('new.bin', new Uint8Array([0, 9]))
  await mirror.settle()
  const { conflicts } = mirror.state.snapshot()
  expect(conflicts.length).toBeGreaterThan(0)
  for (const each of conflicts) expect(MirrorConflict.safeParse(each).error).toBeUndefined()
})
