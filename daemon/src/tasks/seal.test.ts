import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@tandem/shared'
import { maxSegmentBytes, note, readLogSegment, stdout, type LogChunk } from '@tandem/shared/docs'
import { expect, onTestFinished, test } from 'vitest'
import { createOutput } from './output.ts'
import { sealSpool } from './seal.ts'
import { openSpool, type Kept } from './spool.ts'

const megabyte = 2 ** 20
const never = new AbortController().signal

/** A spool in a folder of its own, and the server's blobs. */
async function bench(limits?: Kept) {
  const base = await mkdtemp(join(tmpdir(), 'tandem-spool-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  const folder = join(base, 'spool')
  const spool = await openSpool(folder, silentLog, limits)
  const blobs = new Map<string, Uint8Array>()
  const put = async (hash: string, bytes: Uint8Array) => {
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
    expect(bytes.length).toBeLessThanOrEqual(maxSegmentBytes)
    blobs.set(hash, bytes)
  }
  const seal = async () => {
    expect(await spool.close()).toBe(true)
    const output = await sealSpool(folder, put, never, limits)
    const chunks = (output.segments ?? []).flatMap(({ blob, size, lines }) => {
      const bytes = blobs.get(blob) ?? new Uint8Array()
      const read = readLogSegment(bytes)
      expect([bytes.length, read.length]).toEqual([size, lines])
      return read
    })
    return { output, chunks }
  }
  /** Writes so many bytes through the very chunks that a command's output makes. */
  const write = async (total: number) => {
    const output = createOutput({ emit: spool.write, flushMs: 0 })
    for (let at = 0; at < total; at += block) {
      output.write('stdout', numbered(at, Math.min(block, total - at)))
      await spool.room()
    }
    return output.end()
  }
  return { folder, spool, blobs, put, seal, write }
}

const block = 65_536
/** Bytes of which each block says in its first line which it is. */
const everything = Buffer.alloc(26 * megabyte, 'The quick brown fox jumps over the lazy dog. 0123456789 .,;:!?\n')
for (let at = 0; at < everything.length; at += block) everything.write(`\n${at / block}\n`, at)
const numbered = (from: number, length: number): Buffer => everything.subarray(from, from + length)
const textOf = (chunks: readonly LogChunk[]) => Buffer.concat(chunks.filter(({ s }) => s !== note).map(({ d }) => d))

test('[TSK-102] what was spooled is sealed into segments of which each says by its hash what is in it', async () => {
  const { write, seal } = await bench()
  await write(3 * megabyte)
  const { output, chunks } = await seal()
  expect(output).toMatchObject({ bytes: 3 * megabyte, truncated: false })
  expect(output.segments?.length).toBeGreaterThan(2)
  expect(textOf(chunks).equals(numbered(0, 3 * megabyte))).toBe(true)
  expect(chunks.map(({ q }) => q)).toEqual(chunks.map((_, i) => i))
  expect(output.tail.endsWith(numbered(3 * megabyte - 100, 100).toString())).toBe(true)
})

test('[TSK-102] of no output there are no segments', async () => {
  const { seal } = await bench()
  expect((await seal()).output).toEqual({ bytes: 0, truncated: false, tail: '', segments: [] })
})

test('[S137] ten megabytes are kept whole', async () => {
  const { write, seal } = await bench()
  await write(10 * megabyte)
  const { output, chunks } = await seal()
  expect(output).toMatchObject({ bytes: 10 * megabyte, truncated: false })
  expect(textOf(chunks).equals(numbered(0, 10 * megabyte))).toBe(true)
})

test('[S137] [TSK-32] of more, the first two and the last eight megabytes, and a neutral word on how much is left out', async () => {
  const { write, seal, folder } = await bench()
  const total = 25 * megabyte + 123
  await write(total)
  // While it comes not much more than that is on disk.
  const sizes = await Promise.all((await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size))
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(16 * megabyte)
  const { output, chunks } = await seal()
  const marker = chunks.findIndex(({ s }) => s === note)
  const [head, tail] = [textOf(chunks.slice(0, marker)), textOf(chunks.slice(marker))]
  expect(head.equals(numbered(0, head.length))).toBe(true)
  expect(tail.equals(numbered(total - tail.length, tail.length))).toBe(true)
  expect(2 * megabyte - head.length).toBeLessThan(20_000)
  expect(8 * megabyte - tail.length).toBeLessThan(20_000)
  expect(8 * megabyte - tail.length).toBeGreaterThanOrEqual(0)
  expect(Buffer.from(chunks[marker]?.d ?? []).toString()).toBe('\n… 15.0 MB left out here …\n')
  // The word stands in the place of the first that is missing, and the next number tells how many are.
  expect(chunks[marker]?.q).toBe((chunks[marker - 1]?.q ?? 0) + 1)
  expect(chunks[marker + 1]?.q).toBeGreaterThan(chunks[marker]?.q ?? 0)
  expect(output).toMatchObject({ bytes: total, truncated: true })
})

test('[TSK-102] of tiny chunks, of which most is what names them, no more is kept than four times the bytes', async () => {
  const limits = { head: megabyte / 4, tail: megabyte / 4 }
  const { spool, seal } = await bench(limits)
  const d = Uint8Array.of(97)
  for (let at = 0; at < 63_000; at += 3_000) {
    spool.write(Array.from({ length: 3_000 }, (_, i) => ({ q: 2 ** 50 + at + i, o: at + i, t: 1 / 3, s: stdout, d })))
    await spool.room()
  }
  const { output } = await seal()
  expect(output).toMatchObject({ bytes: 63_000, truncated: true })
  const size = (output.segments ?? []).reduce((sum, each) => sum + each.size, 0)
  expect(size).toBeLessThan(4 * (limits.head + limits.tail) + 2 * megabyte)
})

test('[TSK-105] what a killed daemon had spooled is sealed as far as it came, without the line that was cut', async () => {
  const { folder, spool, seal, write } = await bench()
  await write(1_000)
  await spool.close()
  const [file = ''] = await readdir(folder)
  await appendFile(join(folder, file), '{"q":1,"o":1000,"t":3,"s":1,"d":"cut of')
  const { output, chunks } = await seal()
  expect(output).toMatchObject({ bytes: 1_000, truncated: false })
  expect(textOf(chunks).equals(numbered(0, 1_000))).toBe(true)
})

test('[TSK-102] a disk that fails ends the spool, never the command', async () => {
  const { folder, spool } = await bench()
  await rm(folder, { recursive: true })
  spool.write([{ q: 0, o: 0, t: 0, s: stdout, d: Uint8Array.of(97) }])
  await spool.room()
  spool.write([{ q: 1, o: 1, t: 0, s: stdout, d: Uint8Array.of(97) }])
  expect(await spool.close()).toBe(false)
})

test('[TSK-163] where the disk does not even take the folder of a spool, the command runs all the same', async () => {
  const base = await mkdtemp(join(tmpdir(), 'tandem-spool-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  await writeFile(join(base, 'full'), '')
  const spool = await openSpool(join(base, 'full', 'spool'), silentLog)
  spool.write([{ q: 0, o: 0, t: 0, s: stdout, d: new Uint8Array(3) }])
  expect(spool.room()).toBeUndefined()
  expect(await spool.close()).toBe(false)
})
