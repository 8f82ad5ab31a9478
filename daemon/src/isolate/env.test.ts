import { TandemError } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { bridge } from './bridge.ts'
import { buildEnv, type Granted } from './env.ts'
import type { Shell } from './ports.ts'
import { createScratch } from './scratch.ts'
import { createSessions } from './sessions.ts'

const setUp = (granted: Partial<Granted> = {}) => {
  const project = createScratch()
  const files = bridge(createScratch(), async () => project)
  const env = buildEnv({ files, props: { execution: 'e1', session: 's' }, maxCalls: 1_000, ...granted })
  const call = async (binding: string, method: string, ...args: unknown[]): Promise<unknown> =>
    JSON.parse(await env.call(binding, method, JSON.stringify(args)))
  return { env, call, project, fs: (method: string, ...args: unknown[]) => call('FS', method, ...args) }
}

const shellOf = (exec: Shell['exec']): Shell => ({
  exec,
  readFile: async (path) => `of ${path}`,
  writeFile: async () => {},
  listFiles: async (path) => [path],
  getCwd: () => '/src',
})

test('[S220] all nine operations, on text and bytes', async () => {
  const { fs } = setUp()
  await fs('mkdir', '/a/b')
  await fs('writeFile', '/a/b/c.txt', 'eins\n')
  await fs('appendFile', 'a/b/../b/c.txt', 'zwei\n')
  expect(await fs('readFile', '/a/b/c.txt')).toBe('eins\nzwei\n')
  await fs('writeFile', '/a/raw', '/wD/', 'base64')
  expect(await fs('readFile', '/a/raw', 'base64')).toBe('/wD/')
  expect(await fs('stat', '/a/b/c.txt')).toEqual({ kind: 'file', size: 10 })
  expect(await fs('stat', '/a')).toEqual({ kind: 'dir', size: 0 })
  expect(await fs('readdir', '/a')).toEqual(['b', 'raw'])
  expect([await fs('exists', '/a/raw'), await fs('exists', '/a/none')]).toEqual([true, false])
  await fs('unlink', '/a/b/c.txt')
  await fs('rmdir', '/a/b')
  expect(await fs('readdir', '/a')).toEqual(['raw'])
})

test('[S220] what cannot be is refused in words', async () => {
  const { fs } = setUp()
  for (const [args, words] of [
    [['readFile', '/none'], 'no such file'],
    [['readFile', '/home'], 'it is a folder'],
    [['writeFile', '/none/x', ''], 'the folder it is to be in is not there'],
    [['writeFile', '/home', ''], 'it is a folder'],
    [['mkdir', '/home/README.md/x'], 'a file is in the way'],
    [['rmdir', '/home'], 'not empty'],
    [['rmdir', '/'], 'not empty'],
    [['readdir', '/home/README.md'], 'it is a file'],
    [['unlink', '/home'], 'it is a folder'],
    [['readFile', 'a\0b'], 'not a path'],
    [['readFile', 7], 'argument 1'],
    [['readFile', '/home/README.md', 'latin1'], 'argument 2'],
    [['writeFile', '/x', 'x'.repeat(2 ** 20 + 1)], 'argument 2'],
    [['readFile'], 'argument 1'],
  ] as const)
    await expect(fs(...(args as [string])), String(args[0])).rejects.toThrow(words)
})

test('[S217] [S222] a new scratch tree has a home and a src, and something in them', async () => {
  const { fs } = setUp()
  expect(await fs('readdir', '/')).toEqual(['home', 'src', 'workspace'])
  expect(await fs('readFile', '/home/README.md')).toContain('/workspace')
  expect(await fs('readFile', '/src/hello.js')).toContain('Hello')
})

test('[SBX-294] scratch files are bounded, in number and together', async () => {
  const { fs } = setUp({ maxCalls: 10_000 })
  const piece = 'x'.repeat(2 ** 20)
  for (let i = 0; i < 15; i++) await fs('writeFile', `/big${i}`, piece)
  await expect(fs('writeFile', '/big15', piece)).rejects.toThrow('too many or too large')
  await fs('unlink', '/big0')
  await fs('writeFile', '/big15', piece)
  const many = async () => {
    for (let i = 0; i < 3_000; i++) await fs('writeFile', `/home/f${i}`, '')
  }
  await expect(many()).rejects.toThrow('too many')
})

test('[S225] what is below the project’s root is the project’s, all else is scratch', async () => {
  const { fs, project } = setUp()
  await fs('writeFile', '/workspace/a.txt', 'shared')
  await fs('writeFile', '/workspace.txt', 'own')
  expect(new TextDecoder().decode(await project.readFile('/a.txt'))).toBe('shared')
  expect(await project.exists('/workspace.txt')).toBe(false)
  await expect(fs('readFile', '/workspace/../a.txt')).rejects.toThrow('no such file')
  const alone = setUp({ files: bridge(createScratch(), undefined) })
  await expect(alone.fs('readdir', '/workspace')).rejects.toThrow('not to be had here')
  expect(await alone.fs('readdir', '/')).toEqual(['home', 'src'])
})

test('[S159] [S160] [S161] [S163] an execution has what it asked for of what there is, and knows who it is', async () => {
  const shell = shellOf(async (line) => ({ stdout: `${line}\n`, stderr: '', exitCode: 0 }))
  const { env, call } = setUp({ shell, asked: ['BASH', 'ECHO'] })
  const verbs = ['exec', 'readFile', 'writeFile', 'listFiles', 'getCwd']
  expect(env.methods).toEqual({ BASH: verbs, ECHO: ['ping', 'info', 'echo'] })
  expect(await call('BASH', 'exec', 'ls')).toEqual({ stdout: 'ls\n', stderr: '', exitCode: 0 })
  expect(await call('ECHO', 'ping')).toBe('pong')
  expect(await call('ECHO', 'info')).toEqual({ execution: 'e1', session: 's', bindings: ['BASH', 'ECHO'] })
  expect(await call('ECHO', 'echo', { a: [1] })).toEqual({ a: [1] })
  expect(() => setUp({ asked: ['FETCH'] })).toThrow('env.FETCH is not to be had')
})

test('[S218] a shell has its five verbs, and paths from the folder that it is in', async () => {
  const { call } = setUp({ shell: shellOf(async () => ({ stdout: '', stderr: '', exitCode: 0 })) })
  expect(await call('BASH', 'getCwd')).toBe('/src')
  expect(await call('BASH', 'listFiles')).toEqual(['.'])
  expect(await call('BASH', 'readFile', '../home/README.md')).toBe('of ../home/README.md')
  expect(await call('BASH', 'writeFile', 'a.txt', 'a')).toBeNull()
  await expect(call('BASH', 'readFile', 'a\0b')).rejects.toThrow('not a path')
})

test('[SBX-98] [SBX-99] nothing else answers to a call, however it is named', async () => {
  const { env } = setUp({ asked: ['ECHO'] })
  for (const [binding, method] of [
    ['FS', 'readFile'],
    ['BASH', 'exec'],
    ['ECHO', 'constructor'],
    ['ECHO', '__proto__'],
    ['ECHO', 'toString'],
    ['constructor', 'constructor'],
    ['__proto__', 'ping'],
    ['', ''],
  ] as const)
    await expect(env.call(binding, method, '[]')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(env.call('ECHO', 'echo', 'no json')).rejects.toMatchObject({ code: 'internal' })
})

test('[SBX-110] [SBX-295] calls are counted, answers bounded, and of errors of ours alone the words are told', async () => {
  const breaks = shellOf(() => Promise.reject(new Error('/root/secret is not there')))
  const { call } = setUp({ maxCalls: 3, shell: breaks })
  await expect(call('BASH', 'exec', 'x')).rejects.toThrow(/^env\.BASH\.exec failed$/)
  const told = shellOf(() => Promise.reject(new TandemError('command-denied', { reason: 'not that' })))
  await expect(setUp({ shell: told }).call('BASH', 'exec', 'x')).rejects.toThrow('not that')
  const floods = shellOf(async () => ({ stdout: 'x'.repeat(2 ** 21), stderr: '', exitCode: 0 }))
  await expect(setUp({ shell: floods }).call('BASH', 'exec', 'x')).rejects.toThrow('larger than 1 MB')
  await call('ECHO', 'ping')
  await call('ECHO', 'ping')
  await expect(call('ECHO', 'ping')).rejects.toThrow('more than 3 calls')
})

test('[S162] [S216] [S221] what a session has is there for its next execution, until nobody has used it for long', async () => {
  const clock = fakeClock()
  const closed: object[] = []
  const sessions = createSessions({ create: () => ({}), close: (value) => closed.push(value), clock })
  const use = (name?: string) => sessions.use(name, async (value) => value)
  const first = await use('a')
  expect(await use('a')).toBe(first)
  expect(await use('b')).not.toBe(first)
  const single = await use()
  expect(closed).toEqual([single])
  clock.advance(29 * 60_000)
  await use('a')
  clock.advance(29 * 60_000)
  expect(closed).toHaveLength(2)
  expect(await use('a')).toBe(first)
  // What is in use stays, however many others come.
  const over = Promise.withResolvers<void>()
  const long = sessions.use('long', async (value) => (await over.promise, value))
  for (let i = 0; i < 30; i++) await use(`other ${i}`)
  expect(closed).not.toContain(first)
  for (let i = 0; i < 32; i++) await use(`more ${i}`)
  expect(closed).toContain(first)
  clock.advance(60 * 60_000)
  over.resolve()
  const held = await long
  expect(closed).not.toContain(held)
  expect(await use('long')).toBe(held)
  clock.advance(30 * 60_000)
  expect(closed).toContain(held)
  const late = await use('late')
  const going = Promise.withResolvers<void>()
  const last = sessions.use('last', async (value) => (await going.promise, value))
  sessions.close()
  expect(closed).toContain(late)
  going.resolve()
  expect(closed).toContain(await last)
  expect(new Set(closed).size).toBe(closed.length)
})
