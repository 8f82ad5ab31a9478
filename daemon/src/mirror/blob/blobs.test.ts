import { hash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { binary } from '../testing/binary.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const isSame = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0
const bytesAt = (path: string): Buffer | undefined => {
  try {
    return readFileSync(join(rig.folder, path))
  } catch {
    return undefined
  }
}
const entryAt = (path: string) => rig.server.files.snapshot().byPath.get(path)
/** As written some time ago, so that it is known to rest. */
/** Gives a file the time of a minute ago, or another one from now. */
const age = (path: string, fromNowMs = -60_000) => {
  const at = new Date(Date.now() + fromNowMs)
  utimesSync(join(rig.folder, path), at, at)
}
const staged = () => readdirSync(join(rig.folder, '.tandem/tmp'))

test('[MIR-88] what is no text is shared by its hash: binary, invalid UTF-8, and a text that is too large', async () => {
  const png = binary(3_000)
  const latin1 = Uint8Array.from([0x63, 0x61, 0x66, 0xe9, 0x0a])
  const large = Buffer.from('line\n'.repeat(300_000))
  rig.write('logo.png', png)
  rig.write('latin1.txt', latin1)
  rig.write('large.txt', large)
  age('large.txt')
  await rig.start()
  expect(isSame(rig.server.blob('logo.png'), png)).toBe(true)
  expect(isSame(rig.server.blob('latin1.txt'), latin1)).toBe(true)
  expect(isSame(rig.server.blob('large.txt'), large)).toBe(true)
  expect(entryAt('large.txt')).toMatchObject({
    kind: 'blob',
    facts: { size: large.length, blob: hash('sha256', large) },
  })
  expect(entryAt('logo.png')?.facts?.withheld).toBeUndefined()
})

test('[MIR-88] a blob made, changed, renamed and deleted elsewhere is so on disk', async () => {
  const [first, second] = [binary(2_000_000), binary(1_500_000, 7)]
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  const id = rig.server.putBlob('img/logo.png', first)
  await rig.until(() => isSame(bytesAt('img/logo.png'), first), 'written')
  rig.server.putBlob('img/logo.png', second, id)
  await rig.until(() => isSame(bytesAt('img/logo.png'), second), 'replaced')
  rig.server.files.move(id, 'pictures/logo.png')
  await rig.until(() => isSame(bytesAt('pictures/logo.png'), second), 'moved')
  await mirror.flush()
  expect(readdirSync(rig.folder)).not.toContain('img')
  rig.server.files.remove(id, { by: id, at: 1 })
  await rig.until(() => bytesAt('pictures/logo.png') === undefined, 'deleted')
  expect(mirror.state.snapshot().conflicts).toEqual([])
  expect(mirror.state.snapshot().bytes).toBeUndefined()
})

test('[MIR-88] a blob changed or renamed on disk keeps its id, and is the same on the server', async () => {
  rig.write('logo.png', binary(3_000))
  rig.write('other.png', binary(3_000, 3))
  age('logo.png')
  const mirror = await rig.start()
  const id = entryAt('logo.png')?.id
  rig.write('logo.png', binary(4_000, 2))
  await mirror.settle()
  expect(isSame(rig.server.blob('logo.png'), binary(4_000, 2))).toBe(true)
  renameSync(join(rig.folder, 'logo.png'), join(rig.folder, 'mark.png'))
  await mirror.settle()
  expect(entryAt('mark.png')?.id).toBe(id)
  unlinkSync(join(rig.folder, 'mark.png'))
  await mirror.settle()
  expect(entryAt('mark.png')).toBeUndefined()
})

test('[MIR-88] a blob moved by a copy and a deletion keeps its id too', async () => {
  const bytes = binary(3_000)
  rig.write('a/logo.png', bytes)
  rig.write('b.ts', 'b\n')
  const mirror = await rig.start()
  const id = entryAt('a/logo.png')?.id
  unlinkSync(join(rig.folder, 'a/logo.png'))
  rig.write('c/logo.png', bytes)
  await mirror.settle()
  expect(entryAt('c/logo.png')?.id).toBe(id)
})

test('[MIR-89] a blob that both sides changed: the shared one is in place, the disk’s is kept', async () => {
  const [base, mine, theirs] = [binary(3_000), binary(3_000, 2), binary(3_000, 3)]
  rig.write('logo.png', base)
  age('logo.png')
  await rig.start()
  const id = rig.server.id('logo.png')
  await rig.stop()
  rig.write('logo.png', mine)
  age('logo.png')
  rig.server.putBlob('logo.png', theirs, id)
  const mirror = await rig.start()
  await mirror.settle()
  expect(isSame(bytesAt('logo.png'), theirs)).toBe(true)
  expect(isSame(rig.server.blob('logo.png'), theirs)).toBe(true)
  const [conflict] = mirror.state.snapshot().conflicts
  expect(conflict).toMatchObject({ kind: 'blob', path: 'logo.png', file: id })
  expect(isSame(bytesAt(`${conflict?.record}.disk`), mine)).toBe(true)
  // The same change on both sides is none.
  await rig.stop()
  rig.write('logo.png', base)
  age('logo.png')
  rig.server.putBlob('logo.png', base, id)
  const again = await rig.start()
  await again.settle()
  expect(again.state.snapshot().conflicts).toHaveLength(1)
})

test('[MIR-89] a file in the way of a shared blob is kept, one that is the same is taken for it', async () => {
  const [mine, theirs] = [binary(3_000, 2), binary(3_000, 3)]
  rig.write('logo.png', mine)
  rig.write('same.png', theirs)
  rig.server.putBlob('logo.png', theirs)
  rig.server.putBlob('same.png', theirs)
  const mirror = await rig.start()
  await mirror.settle()
  expect(isSame(bytesAt('logo.png'), theirs)).toBe(true)
  const { conflicts } = mirror.state.snapshot()
  expect(conflicts).toHaveLength(1)
  expect(isSame(bytesAt(`${conflicts[0]?.record}.disk`), mine)).toBe(true)
})

test('[MIR-34] a blob deleted here and changed there survives, and the other way round', async () => {
  rig.write('a.png', binary(3_000))
  rig.write('b.png', binary(3_000, 2))
  rig.write('c.ts', 'c\n')
  for (const path of ['a.png', 'b.png']) age(path)
  await rig.start()
  const [a, b] = [rig.server.id('a.png'), rig.server.id('b.png')]
  await rig.stop()
  unlinkSync(join(rig.folder, 'a.png'))
  rig.server.putBlob('a.png', binary(3_000, 8), a)
  rig.write('b.png', binary(3_000, 9))
  age('b.png')
  rig.server.files.remove(b, { by: b, at: 1 })
  const mirror = await rig.start()
  await mirror.settle()
  await rig.until(() => isSame(bytesAt('a.png'), binary(3_000, 8)), 'a is back')
  await rig.until(() => isSame(rig.server.blob('b.png'), binary(3_000, 9)), 'b is back')
})

test('[MIR-90] after a cut a blob goes on where it was, on its way out and on its way in', async () => {
  const [out, back] = [binary(3_000_000), binary(3_000_000, 5)]
  rig.write('out.bin', out)
  age('out.bin')
  rig.server.cutBlobAfter(1_000_000)
  const mirror = await rig.start()
  const told: unknown[] = []
  mirror.state.subscribe(() => told.push(mirror.state.snapshot().bytes))
  await rig.until(() => isSame(rig.server.blob('out.bin'), out), 'sent')
  expect(rig.server.blobBytes()).toBe(3_000_000)
  rig.server.cutBlobAfter(1_000_000)
  rig.server.putBlob('back.bin', back)
  await rig.until(() => isSame(bytesAt('back.bin'), back), 'fetched')
  await mirror.flush()
  expect(rig.server.blobBytes()).toBe(6_000_000)
  // How far each is, and nothing once none is under way.
  expect(told).toContainEqual({ done: expect.any(Number) as number, total: 3_000_000 })
  expect(mirror.state.snapshot().bytes).toBeUndefined()
  expect(staged()).toEqual([])
})

test('[MIR-90] a blob that was fetched in part when the daemon stopped goes on at the next start; one that nobody wants goes', async () => {
  const bytes = binary(3_000_000)
  await rig.start()
  rig.server.cutBlobAfter(1_000_000)
  const id = rig.server.putBlob('a.bin', bytes)
  await rig.until(() => rig.lines.some((line) => line.includes('mirror file failed')), 'cut')
  await rig.stop()
  expect(staged()).toHaveLength(1)
  rig.write(`.tandem/tmp/b-${id}-${'0'.repeat(64)}`, 'of an older version')
  const before = rig.server.blobBytes()
  const mirror = await rig.start()
  await mirror.flush()
  expect(isSame(bytesAt('a.bin'), bytes)).toBe(true)
  expect(rig.server.blobBytes() - before).toBe(2_000_000)
  expect(staged()).toEqual([])
})

test('[MIR-90] a blob damaged on its way is not put in place', async () => {
  const bytes = binary(1_000)
  const id = rig.server.putBlob('a.bin', bytes)
  rig.server.loseBlob(bytes, binary(1_000, 2))
  await rig.start()
  await rig.until(() => rig.lines.some((line) => line.includes('has another hash')), 'refused')
  expect(bytesAt('a.bin')).toBeUndefined()
  expect(staged()).toEqual([])
  rig.server.putBlob('a.bin', bytes, id)
  await rig.until(() => isSame(bytesAt('a.bin'), bytes), 'written')
})

test('[MIR-48] a log that grows all the time is left until it rests, and holds up nobody', async () => {
  rig.write('run.log', binary(2_000_000))
  const mirror = await rig.start()
  const before = rig.server.blobBytes()
  // However slow this machine is: whoever writes it does so all the time.
  const writing = setInterval(() => age('run.log', 1_900), 50)
  onTestFinished(() => clearInterval(writing))
  for (let i = 0; i < 20; i++) {
    appendFileSync(join(rig.folder, 'run.log'), binary(100_000, i + 1))
    rig.write(`f${i}.ts`, `${i}\n`)
    await rig.until(() => rig.server.at(`f${i}.ts`) === `${i}\n`)
    await mirror.flush()
  }
  expect(rig.server.blobBytes()).toBe(before)
  clearInterval(writing)
  // Before a task is reported done, what is there is taken.
  await mirror.settle()
  expect(rig.server.blob('run.log')?.length).toBe(4_000_000)
  appendFileSync(join(rig.folder, 'run.log'), binary(4))
  age('run.log')
  await rig.until(() => rig.server.blob('run.log')?.length === 4_000_004, 'taken at rest')
})

test('[MIR-91] larger than the limit is listed with its size alone; what shrinks below it is shared', async () => {
  rig.write('huge.iso', binary(3_000))
  age('huge.iso')
  const mirror = await rig.start({ maxBlobBytes: 2_000 })
  expect(entryAt('huge.iso')).toMatchObject({ kind: 'blob', facts: { size: 3_000, withheld: 'too large' } })
  expect(rig.server.blobBytes()).toBe(0)
  rig.write('huge.iso', binary(1_000))
  await mirror.settle()
  expect(isSame(rig.server.blob('huge.iso'), binary(1_000))).toBe(true)
  expect(entryAt('huge.iso')?.facts?.withheld).toBeUndefined()
  // And back: others keep the version they have.
  rig.write('huge.iso', binary(4_000))
  await mirror.settle()
  expect(entryAt('huge.iso')?.facts).toMatchObject({ size: 4_000, withheld: 'too large' })
  // One that is too large for this daemon is not fetched.
  const before = rig.server.blobBytes()
  rig.server.putBlob('theirs.iso', binary(5_000))
  await mirror.flush()
  expect(rig.server.blobBytes()).toBe(before)
  expect(bytesAt('theirs.iso')).toBeUndefined()
})

test('[MIR-49] the executable bit of a blob goes both ways', async () => {
  rig.write('tool', binary(3_000))
  age('tool')
  await rig.start()
  chmodSync(join(rig.folder, 'tool'), 0o755)
  await rig.until(() => entryAt('tool')?.facts?.exec === true, 'shared')
  const id = rig.server.id('tool')
  rig.server.files.setFacts(id, { size: 3_000, eol: 'lf', bom: false, ...entryAt('tool')?.facts, exec: false })
  await rig.until(() => (statSync(join(rig.folder, 'tool')).mode & 0o111) === 0, 'cleared')
  rig.server.files.setFacts(id, { size: 3_000, eol: 'lf', bom: false, ...entryAt('tool')?.facts, exec: true })
  await rig.until(() => (statSync(join(rig.folder, 'tool')).mode & 0o111) !== 0, 'set')
  expect(isSame(rig.server.blob('tool'), binary(3_000))).toBe(true)
})

test('[MIR-62] a text that becomes binary ends and a blob begins, and back, with its content both times', async () => {
  rig.write('a.bin', 'text\n')
  rig.write('b.ts', 'b\n')
  const mirror = await rig.start()
  rig.write('a.bin', binary(3_000))
  await mirror.settle()
  expect(isSame(rig.server.blob('a.bin'), binary(3_000))).toBe(true)
  rig.write('a.bin', 'text again\n')
  await mirror.settle()
  expect(rig.server.at('a.bin')).toBe('text again\n')
  expect(entryAt('a.bin')?.kind).toBe('text')
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-92] a text of exactly the limit is a text and can be edited; one byte more makes it a blob, with nothing lost', async () => {
  const limit = 2 ** 20
  const line = `${'x'.repeat(63)}\n`
  rig.write('large.txt', line.repeat(limit / 64))
  const mirror = await rig.start({ maxTextBytes: limit, maxBlobBytes: 2 * limit })
  expect(entryAt('large.txt')?.kind).toBe('text')
  expect(rig.server.at('large.txt')?.length).toBe(limit)
  rig.server.edit(rig.server.id('large.txt'), 'x', 'y')
  await rig.until(() => bytesAt('large.txt')?.[0] === 0x79, 'written')
  expect(bytesAt('large.txt')?.length).toBe(limit)
  appendFileSync(join(rig.folder, 'large.txt'), '\n')
  await mirror.settle()
  expect(entryAt('large.txt')).toMatchObject({ kind: 'blob', facts: { size: limit + 1 } })
  expect(rig.server.blob('large.txt')?.length).toBe(limit + 1)
})

test('[MIR-88] entries of a daemon that only listed blobs get their content', async () => {
  const bytes = binary(3_000)
  rig.write('logo.png', bytes)
  age('logo.png')
  const id = rig.server.files.create('logo.png', 'blob', { size: 3_000, exec: false, eol: 'lf', bom: false })
  const mirror = await rig.start()
  await mirror.settle()
  expect(entryAt('logo.png')?.id).toBe(id)
  expect(isSame(rig.server.blob('logo.png'), bytes)).toBe(true)
})

test('[MIR-61] a server that went back to a backup without a blob gets it from the disk, which is not turned back', async () => {
  const [old, now] = [binary(3_000), binary(3_000, 2)]
  rig.write('logo.png', old)
  age('logo.png')
  const mirror = await rig.start()
  const id = rig.server.id('logo.png')
  rig.write('logo.png', now)
  await mirror.settle()
  await rig.stop()
  age('logo.png')
  rig.server.loseBlob(now)
  rig.server.putBlob('logo.png', old, id)
  const again = await rig.start()
  await again.settle()
  expect(isSame(bytesAt('logo.png'), now)).toBe(true)
  expect(isSame(rig.server.blob('logo.png'), now)).toBe(true)
})

test('[MIR-45] [MIR-98] a folder that has a file with mixed line ends from the workspace alone has it byte for byte', async () => {
  const [mixed, later] = ['\ufeffone\r\ntwo\nthree\rfour', 'a\nb\n']
  rig.write('mixed.txt', mixed)
  rig.write('later.txt', later)
  const mirror = await rig.start()
  rig.write('later.txt', 'a\r\nb\nc\r\n')
  await mirror.settle()
  rig.server.edit(rig.server.id('mixed.txt'), 'two', 'two, typed')
  await mirror.flush()
  await rig.stop()
  for (const path of ['mixed.txt', 'later.txt']) unlinkSync(join(rig.folder, path))
  await rig.start({ state: 'another' })
  expect(rig.read('mixed.txt')).toBe('\ufeffone\r\ntwo, typed\nthree\rfour')
  expect(rig.read('later.txt')).toBe('a\r\nb\nc\r\n')
})

test('[MIR-90] what lies in the folder is never written on with what is fetched, even under a second name', async () => {
  const bytes = binary(3_000_000)
  rig.write('precious', 'mine\n')
  await rig.start()
  rig.server.cutBlobAfter(1_000_000)
  rig.server.putBlob('a.bin', bytes)
  await rig.until(() => rig.lines.some((line) => line.includes('mirror file failed')), 'cut')
  const [partial = ''] = staged().filter((name) => name.startsWith('b-'))
  unlinkSync(join(rig.folder, '.tandem/tmp', partial))
  linkSync(join(rig.folder, 'precious'), join(rig.folder, '.tandem/tmp', partial))
  await rig.until(() => isSame(bytesAt('a.bin'), bytes), 'fetched')
  expect(rig.read('precious')).toBe('mine\n')
})
