import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { differing, filesBelow } from '../harness/folders.ts'
import { startMirror, type OtherMirror } from '../harness/mirror.ts'
import { git } from '../harness/repository.ts'
import { cleanUp, startTandem, tempFolder, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

type Mirror = Pick<Tandem | OtherMirror, 'folder'>
const bytesOf = ({ folder }: Mirror, path: string) => {
  const file = join(folder, path)
  return existsSync(file) ? readFileSync(file) : undefined
}
const areSame = ([first, ...others]: readonly Mirror[]) =>
  others.every(({ folder }) => differing(first?.folder ?? folder, folder).length === 0)
/** Until both are byte-identical and stay so while the other's answer could still come. */
const untilSame = (what: string, mirrors: readonly Mirror[], also: () => boolean = () => true) =>
  until(what, () => also() && areSame(mirrors))
const untilShared = (tandem: Tandem, path: string, text: string) =>
  until(`${path} is on the server`, async () => {
    const found = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files/${path}`)
    return (await found.text()) === text
  })
const onBoth = (mirrors: readonly Mirror[], path: string, text: string) => {
  for (const { folder } of mirrors) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
const times = (mirror: Mirror, path: string, part: string) =>
  (bytesOf(mirror, path)?.toString() ?? '').split(part).length - 1
const lines = (n: number, more = '') => Array.from({ length: n }, (_, i) => `line ${i}${more}\n`).join('')

test('[MIR-23] [MIR-25] [MIR-115] [S311] two folders of one workspace stay byte-identical, whatever is done in either, with one of them away', async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`src/${i}.ts`, lines(20)]))
  const one = await startTandem({ files: { ...files, 'crlf.txt': 'a\r\nb\r\n' }, args: ['--shared'] })
  // It joins with something of its own, and with an old version of what is there.
  one.write('src/0.ts', lines(20, ', newer'))
  await untilShared(one, 'src/0.ts', lines(20, ', newer'))
  const two = await startMirror(one, { folder: tempFolder({ 'only-two.ts': 'mine\n', 'src/1.ts': lines(20) }) })
  const both = [one, two]
  await untilSame('joined', both)
  expect([one.read('only-two.ts'), two.read('src/0.ts')]).toEqual(['mine\n', lines(20, ', newer')])

  // Edits, new files, renames, deletions, modes, and what is no text.
  one.write('src/2.ts', lines(20, ', of one'))
  two.write('src/3.ts', lines(20, ', of two'))
  one.write('new/of-one.ts', 'one\n')
  two.write('new/of-two.ts', 'two\n')
  renameSync(join(one.folder, 'src/4.ts'), join(one.folder, 'new/moved.ts'))
  rmSync(join(two.folder, 'src/5.ts'))
  writeFileSync(join(two.folder, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(
    join(one.folder, 'logo.bin'),
    Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256),
  )
  await untilSame(
    'the same after work in both',
    both,
    () =>
      two.read('new/moved.ts') === lines(20) &&
      one.read('src/5.ts') === undefined &&
      one.read('src/3.ts') === lines(20, ', of two') &&
      two.read('src/2.ts') === lines(20, ', of one') &&
      bytesOf(two, 'logo.bin')?.length === 70_000,
  )

  // The same change in both at the same time: a pull, or a formatter.
  for (let i = 10; i < 20; i++) onBoth(both, `src/${i}.ts`, lines(20).replace('line 7', 'pulled 7'))
  await untilSame('the same after the same change', both)
  for (let i = 10; i < 20; i++) expect(times(one, `src/${i}.ts`, 'pulled 7')).toBe(1)

  // One is cut off; the same comes to both, and something to each; new files of one name.
  two.cut()
  for (let i = 20; i < 30; i++) onBoth(both, `src/${i}.ts`, lines(20).replace('line 7', 'pulled 7\nand more'))
  onBoth(both, 'new/alike.ts', 'the same\n')
  one.write('src/6.ts', lines(20).replace('line 3', 'line 3 of one'))
  two.write('src/6.ts', lines(20).replace('line 12', 'line 12 of two'))
  two.mend()
  await untilSame('the same after a time apart', both, () => times(one, 'src/6.ts', 'of two') === 1)
  for (let i = 20; i < 30; i++) expect(times(two, `src/${i}.ts`, 'and more')).toBe(1)
  expect([times(two, 'src/6.ts', 'of one'), one.read('new/alike.ts')]).toEqual([1, 'the same\n'])

  // One is killed, both go on, and it comes back.
  await two.kill()
  one.write('src/7.ts', lines(20, ', while it was dead'))
  two.write('src/8.ts', lines(20, ', written meanwhile'))
  rmSync(join(two.folder, 'src/9.ts'))
  await two.start()
  await untilSame(
    'the same after a kill',
    both,
    () => one.read('src/9.ts') === undefined && one.read('src/8.ts') === lines(20, ', written meanwhile'),
  )
  expect(filesBelow(join(one.folder, '.tandem/conflicts'))).toEqual([])
})

test('[MIR-111] [MIR-112] [MIR-114] a mirror that forgot everything, and one that is a copy, lose nothing and double nothing', async () => {
  const one = await startTandem({ args: ['--shared'] })
  await git(one.folder, 'init', '-q')
  for (let i = 0; i < 8; i++) one.write(`src/${i}.ts`, lines(20))
  await git(one.folder, 'add', '-A')
  await git(one.folder, 'commit', '-q', '-m', 'first')
  const two = await startMirror(one)
  const both = [one, two]
  await untilSame('joined', both, () => two.read('src/7.ts') !== undefined)
  await two.kill()

  // Its memory is lost; it has old versions, an edit of what is committed, and something that nobody knows.
  cpSync(join(one.folder, '.git'), join(two.folder, '.git'), { recursive: true })
  rmSync(join(two.dataDir, 'daemon'), { recursive: true })
  one.write('src/0.ts', lines(20, ', newer'))
  one.write('src/1.ts', lines(20).replace('line 3', 'line 3 of one'))
  one.write('src/2.ts', 'of one\n')
  two.write('src/1.ts', lines(20).replace('line 12', 'line 12 of two'))
  two.write('src/2.ts', 'of two\n')
  await untilShared(one, 'src/2.ts', 'of one\n')
  await two.start()
  await untilSame('the same again', both, () => times(one, 'src/1.ts', 'of two') === 1)
  expect(one.read('src/0.ts')).toBe(lines(20, ', newer'))
  expect(times(two, 'src/1.ts', 'of one')).toBe(1)
  expect(two.read('src/2.ts')).toBe('of one\n')
  const kept = filesBelow(join(two.folder, '.tandem/conflicts')).filter((path) => path.endsWith('.disk'))
  expect(kept.map((path) => readFileSync(join(two.folder, '.tandem/conflicts', path), 'utf8'))).toEqual(['of two\n'])

  // Its folder and all its data are copied, and what is missing in the copy is nobody's deletion.
  const copy = { folder: tempFolder(), dataDir: tempFolder() }
  cpSync(two.folder, copy.folder, { recursive: true, preserveTimestamps: true })
  cpSync(two.dataDir, copy.dataDir, { recursive: true, preserveTimestamps: true })
  rmSync(join(copy.folder, 'src/3.ts'))
  rmSync(join(copy.folder, '.tandem/lock'))
  const three = await startMirror(one, copy)
  three.write('src/4.ts', lines(20, ', of three'))
  await untilSame('three are the same', [...both, three], () => one.read('src/4.ts') === lines(20, ', of three'))
  expect(one.read('src/3.ts')).toBe(lines(20))
  const idOf = ({ dataDir }: OtherMirror) => readFileSync(join(dataDir, 'daemon/id'), 'utf8').split('\n')[0]
  expect(idOf(three)).not.toBe(idOf(two))
})
