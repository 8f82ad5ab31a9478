import { chmodSync, existsSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createId, TandemError, type Id } from '@tandem/shared'
import { cachedView } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Workspace } from './ports.ts'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** Starts with a workspace that is in part another one. */
const startWith = (change: (workspace: Workspace) => Partial<Workspace>, limits: { maxBlobBytes?: number } = {}) =>
  rig.start({
    ...limits,
    server: {
      ...rig.server,
      join: (...args) => {
        const workspace = rig.server.join(...args)
        return { ...workspace, ...change(workspace) }
      },
    },
  })
const isExecutable = (path: string) => (statSync(join(rig.folder, path)).mode & 0o100) !== 0

test('[MIR-140] of two files that were given one name elsewhere one has it, and the other keeps the name it had', async () => {
  const { server } = rig
  const [a, b] = [server.create('a.ts', 'of a\n'), server.create('b.ts', 'of b\n')]
  const mirror = await rig.start()
  server.files.transact(() => {
    server.files.move(a, 'c.ts')
    server.files.move(b, 'c.ts')
  }, 'somebody')
  const [first, second, old] = a < b ? ([a, b, 'b.ts'] as const) : ([b, a, 'a.ts'] as const)
  await rig.until(() => server.files.get(second)?.path === old && rig.disk('c.ts') === server.text(first))
  await mirror.settle()
  expect([server.id('c.ts'), server.id(old)]).toEqual([first, second])
  expect(rig.disk(old)).toBe(server.text(second))
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-147] renamed here to a name that another file was given elsewhere: it goes back, and neither takes the other’s text', async () => {
  const { server } = rig
  const [a, b] = [server.create('a.ts', 'of a\n'), server.create('b.ts', 'of b\n')].toSorted() as [Id, Id]
  await rig.start()
  await rig.stop()
  const [one, other] = [server.text(a), server.text(b)]
  const [from, old] = [server.files.get(a)?.path ?? '', server.files.get(b)?.path ?? '']
  unlinkSync(join(rig.folder, from))
  renameSync(join(rig.folder, old), join(rig.folder, 'c.ts'))
  server.files.move(a, 'c.ts')
  const mirror = await rig.start()
  await rig.until(() => rig.disk('c.ts') === one && rig.disk(old) === other)
  await mirror.settle()
  expect([server.id('c.ts'), server.id(old)]).toEqual([a, b])
  expect([server.text(a), server.text(b)]).toEqual([one, other])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-140] [MIR-26] where its old name is another’s by now, it goes, and what it was is kept', async () => {
  const { server } = rig
  const [a, b] = [server.create('a.ts', 'of a\n'), server.create('b.ts', 'of b\n')]
  const mirror = await rig.start()
  const [first, second, old] = a < b ? ([a, b, 'b.ts'] as const) : ([b, a, 'a.ts'] as const)
  server.files.transact(() => {
    server.files.move(a, 'c.ts')
    server.files.move(b, 'c.ts')
    server.write(server.files.create(old, 'text'), 'new\n')
  }, 'somebody')
  await rig.until(() => server.files.get(second)?.deleted !== undefined && rig.disk('c.ts') === server.text(first))
  await rig.until(() => rig.disk(old) === 'new\n')
  expect(await mirror.settle()).toEqual([])
  expect(server.files.get(second)?.deleted).toBeDefined()
  const kept = mirror.state.snapshot().conflicts.map(({ record }) => rig.disk(`${record}.disk`))
  expect(new Set(kept)).toEqual(new Set([server.text(second)]))
})

test('[MIR-141] [MIR-64] a name whose file was renamed to what is not shared here is not waited for: its next file comes', async () => {
  const { server } = rig
  rig.write('.tandemignore', 'hidden/\n')
  const [a, b] = [server.create('a.ts', 'first\n'), server.create('b.ts', 'other\n')]
  const mirror = await rig.start()
  server.files.transact(() => {
    server.files.move(a, 'hidden/a.ts')
    server.files.move(b, 'a.ts')
    server.write(server.files.create('b.ts', 'text'), 'third\n')
  }, 'somebody')
  await rig.until(() => rig.disk('a.ts') === 'other\n' && rig.disk('b.ts') === 'third\n')
  const c = server.create('c.ts', 'fourth\n')
  await rig.until(() => rig.disk('c.ts') === 'fourth\n')
  server.files.transact(() => {
    server.files.move(c, 'hidden/c.ts')
    server.write(server.files.create('c.ts', 'text'), 'fifth\n')
  }, 'somebody')
  await rig.until(() => rig.disk('c.ts') === 'fifth\n')
  expect(await mirror.flush()).toEqual([])
  expect(server.text(a)).toBe('first\n')
  expect(server.text(c)).toBe('fourth\n')
  expect([server.at('hidden/a.ts'), server.at('hidden/c.ts')]).toEqual(['first\n', 'fourth\n'])
  expect(existsSync(join(rig.folder, 'hidden'))).toBe(false)
})

test('[MIR-49] a file made executable here while its text was edited elsewhere stays so', async () => {
  const { server } = rig
  const id = server.create('a.sh', 'one\n')
  const mirror = await rig.start({ watching: false })
  chmodSync(join(rig.folder, 'a.sh'), 0o755)
  server.edit(id, 'one', 'two')
  await rig.until(() => rig.disk('a.sh') === 'two\n')
  await mirror.settle()
  expect(server.files.get(id)?.facts?.exec).toBe(true)
  expect(isExecutable('a.sh')).toBe(true)
})

test('[MIR-142] a text that is larger than this daemon would share is a text while nobody here makes it larger', async () => {
  const { server } = rig
  const line = 'more than twenty bytes of it\n'
  const [a, b] = [server.create('a.md', line), server.create('b.md', line)]
  const mirror = await rig.start({ maxTextBytes: 20 })
  await mirror.settle()
  server.edit(a, 'more', 'much more')
  await rig.until(() => rig.disk('a.md')?.startsWith('much') === true)
  server.files.remove(b, { by: a, at: 1 })
  await rig.until(() => rig.disk('b.md') === undefined)
  rig.write('a.md', 'now rather less\n')
  await mirror.settle()
  expect([server.id('a.md'), server.text(a)]).toEqual([a, 'now rather less\n'])
  expect(server.files.get(b)?.deleted).toBeDefined()
})

test('[MIR-34] an empty file that grew too large for a text is not taken away with its deletion elsewhere', async () => {
  const { server } = rig
  const id = server.create('a.log', '')
  await rig.start({ maxTextBytes: 20 })
  expect(rig.disk('a.log')).toBe('')
  await rig.stop()
  const grown = 'x'.repeat(100)
  writeFileSync(join(rig.folder, 'a.log'), grown)
  server.files.remove(id, { by: id, at: 1 })
  const mirror = await rig.start({ maxTextBytes: 20 })
  await mirror.settle()
  expect(rig.disk('a.log')).toBe(grown)
})

test('[MIR-91] what is too large to be fetched takes nothing’s place: nothing is kept aside for it', async () => {
  const { server } = rig
  rig.write('a.bin', Buffer.from([0, 1, 2]))
  server.putBlob('a.bin', Buffer.alloc(2_000, 7))
  const mirror = await rig.start({ maxBlobBytes: 1_000 })
  rig.write('a.bin', Buffer.from([0, 1, 2, 3]))
  await mirror.settle()
  expect(mirror.state.snapshot().conflicts).toEqual([])
  expect(mirror.state.snapshot().alerts).toMatchObject([{ kind: 'refused', path: 'a.bin' }])
  expect(Buffer.from(rig.disk('a.bin') ?? '')).toEqual(Buffer.from([0, 1, 2, 3]))
})

test('[MIR-143] what the feed tells while the connection is lost is read from it, though the text was open and is closed meanwhile', async () => {
  const { server } = rig
  let isCut = false
  let tell = () => {}
  let open = 0
  const mirror = await startWith((workspace) => ({
    ready: cachedView(
      () => !isCut,
      (call) => (tell = call),
    ),
    open: async (id, signal) => {
      const text = await workspace.open(id, signal)
      open++
      return {
        ...text,
        onRemoteChange: (call) => text.onRemoteChange(() => isCut || call()),
        close: () => {
          open--
          text.close()
        },
      }
    },
  }))
  const cut = (yes: boolean) => {
    isCut = yes
    tell()
  }
  rig.write('a.ts', 'one\n')
  await mirror.settle()
  for (let i = 0; open === 0; i++) {
    rig.write('a.ts', `one\n${i}\n`)
    // Not so young that every scan looks into it.
    utimesSync(join(rig.folder, 'a.ts'), 1, i)
    await mirror.settle()
  }
  cut(true)
  server.edit(server.id('a.ts'), 'one', 'won')
  await rig.until(() => open === 0)
  cut(false)
  await rig.until(() => rig.disk('a.ts')?.startsWith('won') === true)
})

test('[MIR-148] [MIR-66] told of an open text, and stopped before the connection brought it: it is read at the next start', async () => {
  const { server } = rig
  let [open, told, isDeaf] = [0, 0, false]
  const mirror = await startWith((workspace) => ({
    open: async (id, signal) => {
      open++
      const text = await workspace.open(id, signal)
      return { ...text, onRemoteChange: (call) => text.onRemoteChange(() => isDeaf || call()) }
    },
    feed: async function* (since, signal) {
      for await (const each of workspace.feed(since, signal)) {
        yield each
        // Asked for the next, it has heard this one.
        told++
      }
    },
  }))
  rig.write('a.ts', 'one\n')
  await mirror.settle()
  for (let i = 0; open === 0; i++) {
    rig.write('a.ts', `one\n${i}\n`)
    // Not so young that every scan looks into it.
    utimesSync(join(rig.folder, 'a.ts'), 1, i)
    await mirror.settle()
  }
  isDeaf = true
  const before = told
  server.edit(server.id('a.ts'), 'one', 'won')
  await rig.until(() => told > before)
  await rig.stop()
  expect(rig.disk('a.ts')).toMatch(/^one/)
  await rig.start()
  await rig.until(() => rig.disk('a.ts')?.startsWith('won') === true)
})

test('[MIR-105] a file that was put back where this daemon deleted one stays, though the daemon ended before it forgot it', async () => {
  const { server } = rig
  const daemonId = createId()
  const id = server.create('a.ts', 'one\n')
  let isPutBack = false
  const mirror = await startWith((workspace) => ({
    daemonId,
    indexDurable: async (signal) => {
      if (server.files.get(id)?.deleted && !isPutBack) {
        rig.write('a.ts', 'one\n')
        isPutBack = true
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      }
      return workspace.indexDurable(signal)
    },
  }))
  await mirror.settle()
  unlinkSync(join(rig.folder, 'a.ts'))
  await rig.until(() => isPutBack)
  await rig.stop()
  expect(server.files.get(id)?.deleted?.by).toBe(daemonId)
  const next = await startWith(() => ({ daemonId }))
  await rig.until(() => server.files.get(id)?.deleted === undefined, 'the file is back')
  await next.settle()
  expect([rig.disk('a.ts'), server.text(id)]).toEqual(['one\n', 'one\n'])
})

test('[MIR-127] of a file that is larger than the server takes people are told, until it does', async () => {
  let isRefused = true
  const mirror = await startWith(({ blobs }) => ({
    blobs: {
      ...blobs,
      put: async (...args) => {
        if (isRefused) throw new TandemError('too-large')
        return blobs.put(...args)
      },
    },
  }))
  rig.write('a.bin', Buffer.alloc(300_000))
  const alerts = () => mirror.state.snapshot().alerts.map(({ path, says }) => [path, says])
  await rig.until(() => alerts().length > 0)
  expect(alerts()).toEqual([['a.bin', 'a.bin is not mirrored (the server does not take it).']])
  isRefused = false
  await rig.until(() => rig.server.blob('a.bin')?.length === 300_000)
  await rig.until(() => alerts().length === 0)
})
