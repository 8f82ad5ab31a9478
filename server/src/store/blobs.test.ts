import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openFolderBlobs } from './blobs-folder.ts'
import { openMemoryBlobs } from './blobs-memory.ts'
import { blobContract, hashOf, readBlob, some } from './blobs.suite.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-blobs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

blobContract(async () => openMemoryBlobs())
blobContract(async () => openFolderBlobs(path.join(await temporaryFolder(), 'blobs')))

test('[TSK-207] no more is taken than there is room for, also after a restart, and again when something went', async () => {
  const folder = path.join(await temporaryFolder(), 'blobs')
  for (const open of [
    (() => {
      const memory = openMemoryBlobs(Date.now, { maxBytes: 100 })
      return async () => memory
    })(),
    () => openFolderBlobs(folder, { maxBytes: 100 }),
  ]) {
    const first = await open()
    const [one, two, three] = [some(60), some(30), some(11)]
    const put = (store: typeof first, bytes: Uint8Array, end = bytes.length) =>
      store.put(hashOf(bytes), { offset: 0, size: bytes.length, bytes: bytes.subarray(0, end) })
    await put(first, one)
    // What is on its way has its place.
    await put(first, two, 10)
    await expect(put(first, three)).rejects.toMatchObject({ code: 'too-large' })
    await first.put(hashOf(two), { offset: 10, size: 30, bytes: two.subarray(10) })
    await expect(put(first, three)).rejects.toMatchObject({ code: 'too-large' })
    // What is here already may be brought again.
    expect(await put(first, one)).toMatchObject({ complete: true })
    const second = await open()
    await expect(put(second, three)).rejects.toMatchObject({ code: 'too-large' })
    expect(await second.expire(Infinity, (hash) => hash === hashOf(one))).toBe(1)
    expect(await put(second, three)).toEqual({ received: 11, complete: true })
  }
})

test('[TSK-207] what goes before anything came makes no more room than there is, and an empty piece takes none', async () => {
  const folder = path.join(await temporaryFolder(), 'blobs')
  const put = (store: Awaited<ReturnType<typeof openFolderBlobs>>, bytes: Uint8Array, end = bytes.length) =>
    store.put(hashOf(bytes), { offset: 0, size: bytes.length, bytes: bytes.subarray(0, end) })
  const first = await openFolderBlobs(folder, { maxBytes: 100 })
  for (const bytes of [40, 30]) await put(first, some(bytes))
  const second = await openFolderBlobs(folder, { maxBytes: 100 })
  await second.expire(Infinity, () => false)
  await expect(put(second, some(101))).rejects.toMatchObject({ code: 'too-large' })
  expect(await put(second, some(90), 0)).toEqual({ received: 0, complete: false })
  expect(await put(second, some(100))).toMatchObject({ complete: true })
})

test('[MIR-80] in the folder a blob lies by its hash, for the server alone; an upload goes on after a restart', async () => {
  const folder = path.join(await temporaryFolder(), 'blobs')
  const bytes = some(1_000)
  const [hash, size] = [hashOf(bytes), bytes.length]
  const first = await openFolderBlobs(folder)
  await first.put(hash, { offset: 0, size, bytes: bytes.subarray(0, 400) })
  const second = await openFolderBlobs(folder)
  expect(await second.look(hash)).toEqual({ received: 400, complete: false })
  await second.put(hash, { offset: 400, size, bytes: bytes.subarray(400) })
  const file = path.join(folder, hash.slice(0, 2), hash.slice(2))
  expect(new Uint8Array(await readFile(file))).toEqual(bytes)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  for (const each of [folder, path.dirname(file), path.join(folder, 'incoming')])
    expect((await stat(each)).mode & 0o777).toBe(0o700)
  expect(await readdir(path.join(folder, 'incoming'))).toEqual([])
})

/** Puts blobs of a known seed in pieces until it ends, in a process of its own, and says each answer on a line. */
const putter = `
  import { openFolderBlobs } from ${JSON.stringify(new URL('./blobs-folder.ts', import.meta.url).href)}
  import { createHash } from 'node:crypto'
  const [folder, step, blobBytes] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])]
  const store = await openFolderBlobs(folder)
  for (let seed = 1; ; seed++) {
    const bytes = Buffer.alloc(blobBytes, 'blob ' + seed)
    const hash = createHash('sha256').update(bytes).digest('hex')
    for (let offset = 0; offset < bytes.length; offset += step) {
      const piece = { offset, size: bytes.length, bytes: bytes.subarray(offset, offset + step) }
      try {
        console.log(JSON.stringify({ seed, hash, ...(await store.put(hash, piece)) }))
      } catch (e) {
        console.log(JSON.stringify({ seed, hash, code: e.code, ...(await store.look(hash)) }))
        process.exit()
      }
    }
  }
`
const childOf = (args: string[], wrap: string[] = []) => {
  const [program = '', ...rest] = [...wrap, process.execPath, '--input-type=module', '-e', putter, ...args]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  })
  return child
}
type Said = { seed: number; hash: string; received: number; complete: boolean; code?: string }

test('[MIR-82] after kill -9 what was acknowledged is there, nothing wrong is, and the upload goes on', async () => {
  const folder = path.join(await temporaryFolder(), 'blobs')
  const said: Said[] = []
  for (let round = 1; round <= 2; round++) {
    const blobBytes = 100_000 + round
    const child = childOf([folder, '7000', String(blobBytes)])
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line) as Said)
      if (said.length >= round * 23) child.kill('SIGKILL')
    }
    const store = await openFolderBlobs(folder)
    for (const { hash, received, complete } of said) {
      const now = await store.look(hash)
      expect(now.received).toBeGreaterThanOrEqual(received)
      if (complete) expect(hashOf(await readBlob(store, hash))).toBe(hash)
    }
    const { seed, hash } = said.at(-1) ?? { seed: 0, hash: '' }
    const bytes = Buffer.alloc(blobBytes, `blob ${seed}`)
    const { received: offset } = await store.look(hash)
    const rest = { offset, size: bytes.length, bytes: bytes.subarray(offset) }
    expect(await store.put(hash, rest)).toEqual({ received: bytes.length, complete: true })
    expect(hashOf(await readBlob(store, hash))).toBe(hash)
  }
})

const bubblewrap = 'bwrap'
const inSmallDisk = [
  bubblewrap,
  '--dev-bind',
  '/',
  '/',
  '--size',
  String(2 ** 20),
  '--tmpfs',
  '/mnt',
  '--die-with-parent',
]
/** Where a namespace of one's own is forbidden, there is no full disk to be had. */
const canMakeDisks = spawnSync(bubblewrap, [...inSmallDisk.slice(1), 'true']).status === 0

test.runIf(canMakeDisks)('[MIR-82] on a full disk a piece is refused, and nothing of it is acknowledged', async () => {
  const said: Said[] = []
  const child = childOf(['/mnt/blobs', '40000', '500000'], inSmallDisk)
  for await (const line of createInterface({ input: child.stdout })) said.push(JSON.parse(line) as Said)
  const [before, last] = said.slice(-2)
  expect(last).toMatchObject({ code: 'disk-full', complete: false })
  // What the disk took of the piece does not count.
  expect(last?.received).toBe(before?.complete ? 0 : before?.received)
})

test('[TSK-107] who brings what is there already makes it count as if it had come now', async () => {
  const folder = path.join(await temporaryFolder(), 'blobs')
  const store = await openFolderBlobs(folder)
  const bytes = some(10)
  const hash = hashOf(bytes)
  await store.put(hash, { offset: 0, size: 10, bytes })
  const longAgo = new Date(1_000_000)
  await utimes(path.join(folder, hash.slice(0, 2), hash.slice(2)), longAgo, longAgo)
  await store.renew(hash)
  expect(await store.expire(2_000_000, () => false)).toBe(0)
  await utimes(path.join(folder, hash.slice(0, 2), hash.slice(2)), longAgo, longAgo)
  expect(await store.expire(2_000_000, () => false)).toBe(1)
})
