import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startMirror } from '../harness/mirror.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

const bytesOf = (size: number, seed: number) =>
  Buffer.from(Uint32Array.from({ length: size / 4 }, (_, i) => Math.imul(i + seed, 2_654_435_761) & 0xffff00).buffer)
/** What lies at a path: a link’s target, a directory, or a file’s size and whether it may be run. */
const lies = (folder: string, path: string): string | undefined => {
  const stat = lstatSync(join(folder, path), { throwIfNoEntry: false })
  if (stat?.isSymbolicLink()) return `-> ${readlinkSync(join(folder, path))}`
  return stat?.isDirectory() ? 'a directory' : stat && `${stat.size} ${stat.mode & 0o100 ? 'x' : '-'}`
}

test(
  '[MIR-88] [MIR-92] [MIR-93] [MIR-94] [MIR-98] everything a real folder has goes through a real server to another folder, and back',
  { timeout: 240_000 },
  async () => {
    const limit = 8 * 2 ** 20
    const one = await startTandem({
      args: ['--shared'],
      files: { 'src/a.ts': 'a\n', 'mixed.txt': '\ufeffa\r\nb\nc' },
    })
    const at = (path: string) => join(one.folder, path)
    writeFileSync(at('small.png'), bytesOf(40_000, 1))
    writeFileSync(at('large.bin'), bytesOf(11_000_000, 2))
    writeFileSync(at('latin1.txt'), Uint8Array.from([0x63, 0x61, 0x66, 0xe9, 0x0a]))
    // The most that is a text, and one byte more.
    writeFileSync(at('at-limit.txt'), `${'x'.repeat(63)}\n`.repeat(limit / 64))
    writeFileSync(at('above-limit.txt'), `${'x'.repeat(63)}\n`.repeat(limit / 64) + '\n')
    writeFileSync(at('tool'), bytesOf(4_000, 3))
    chmodSync(at('tool'), 0o755)
    symlinkSync('src/a.ts', at('link'))
    mkdirSync(at('empty/deep'), { recursive: true })
    const two = await startMirror(one)
    const there = (path: string) => join(two.folder, path)
    const paths = [
      'src/a.ts',
      'mixed.txt',
      'small.png',
      'large.bin',
      'latin1.txt',
      'at-limit.txt',
      'above-limit.txt',
      'tool',
      'link',
      'empty/deep',
    ]
    const isSame = (path: string) => {
      const found = lies(one.folder, path)
      // Read only where it could be: these are large.
      if (found !== lies(two.folder, path)) return false
      return !/^\d/.test(found ?? '') || readFileSync(at(path)).equals(readFileSync(there(path)))
    }
    await until('all of it is in the other folder', () => paths.every(isSame))
    expect(paths.filter((path) => lies(two.folder, path) === undefined)).toEqual([])

    // Back: changed, swapped, moved, removed in the other one, with the line cut on the way.
    two.cut()
    writeFileSync(there('large.bin'), bytesOf(13_000_000, 4))
    writeFileSync(there('small.png'), bytesOf(44_000, 5))
    chmodSync(there('tool'), 0o644)
    unlinkSync(there('link'))
    writeFileSync(there('link'), 'a file now\n')
    rmdirSync(there('empty/deep'))
    mkdirSync(there('other/empty'), { recursive: true })
    renameSync(there('latin1.txt'), there('src/latin1.txt'))
    const large = readFileSync(there('at-limit.txt'))
    large[100] = 0x79
    writeFileSync(there('at-limit.txt'), large)
    two.mend()
    paths.push('src/latin1.txt', 'other/empty')
    await until('all of it is back', () => paths.every(isSame) && lies(one.folder, 'other/empty') !== undefined)
    expect(existsSync(at('latin1.txt'))).toBe(false)
    expect(readFileSync(at('large.bin')).equals(bytesOf(13_000_000, 4))).toBe(true)
    expect(readFileSync(at('link'), 'utf8')).toBe('a file now\n')
    expect(readFileSync(at('at-limit.txt'))[100]).toBe(0x79)
  },
)
