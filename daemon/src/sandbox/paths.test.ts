import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@tandem/shared'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBed } from './fixture.ts'
import { commandIdentity } from './identity.ts'
import { openRunner } from './open-runner.ts'
import { createPathAccess, findGrantedPaths } from './paths.ts'
import { Policy } from './policy.ts'

let base: string
let root: string
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-paths-')))
  root = join(base, 'root')
  for (const folder of ['root/a/b', 'root-evil', 'outside/in']) mkdirSync(join(base, folder), { recursive: true })
  for (const file of ['root/a/file', 'root-evil/file', 'outside/file', 'outside/in/file'])
    writeFileSync(join(base, file), file)
  symlinkSync('../outside', join(root, 'out'))
  symlinkSync('../outside/in', join(root, 'deep'))
  symlinkSync('a', join(root, 'in'))
  symlinkSync('../outside/made', join(root, 'dangling'))
  symlinkSync('dangling', join(root, 'chain'))
  symlinkSync('loop', join(root, 'loop'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

test('[S174] [S177] a path is allowed by where it leads, never by how it begins', () => {
  const mayUse = createPathAccess([
    { path: root, mode: 'write' },
    { path: join(base, 'outside/in'), mode: 'read' },
  ])
  for (const path of ['', 'a', 'a/file', 'a/new/deeper', 'in/file', 'in/b/../file', 'a/./b/', 'out/../root/a'])
    expect(mayUse(`${root}/${path}`, 'write'), path).toBe(true)
  for (const path of [
    '../root-evil/file',
    '../outside/file',
    'out/file',
    'out/../outside/file',
    'deep/../file',
    'dangling',
    'chain',
    'loop',
    'none/../../outside',
    'a/../..',
  ])
    expect(mayUse(`${root}/${path}`, 'read'), path).toBe(false)
  expect([mayUse(join(root, 'deep/file'), 'read'), mayUse(join(root, 'deep/file'), 'write')]).toEqual([true, false])
  expect(mayUse(`${root}-evil`, 'read')).toBe(false)
})

test('[S177] whatever it lets through stays inside, whichever way the path winds', () => {
  const mayUse = createPathAccess([{ path: root, mode: 'write' }])
  const part = fc.constantFrom(
    'a',
    'b',
    'file',
    'new',
    'in',
    'out',
    'deep',
    'dangling',
    'chain',
    'loop',
    '..',
    '.',
    '',
    'root',
    'root-evil',
    'outside',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = [root, ...parts].join('/')
      if (!mayUse(path, 'write')) return
      try {
        writeFileSync(path, 'written')
      } catch {
        return // a folder, or nothing to write in
      }
      for (const file of ['root-evil/file', 'outside/file', 'outside/in/file'])
        expect(readFileSync(join(base, file), 'utf8')).toBe(file)
      expect(() => readFileSync(join(base, 'outside/made'))).toThrow('ENOENT')
    }),
    { numRuns: 500 },
  )
})

test('[S173] [S176] commands read and write what the owner named besides, as it was named, and nothing beside it', async () => {
  const bed = await createBed()
  try {
    const [read, write] = [join(base, 'outside/in'), join(base, 'root-evil')]
    const policy = Policy.parse({
      ...bed.policy,
      paths: [{ path: read }, { path: write, mode: 'write' }, { path: join(base, 'gone') }],
    })
    const { runner } = await openRunner({
      workspace: bed.workspace,
      policy,
      environment: process.env,
      unsafe: false,
      log: silentLog,
    })
    const run = async (shellLine: string, writable = true) => {
      let text = ''
      await runner.runCommand({
        // In one stream, for the order of two is nobody's.
        shellLine: `exec 2>&1; ${shellLine}`,
        cwd: bed.workspace,
        writable,
        onChunk: (_, bytes) => void (text += bytes.toString()),
      })
      return text
    }
    expect(await run(`cat ${read}/file; echo x > ${read}/made; echo y > ${write}/made; cat ${write}/made`)).toMatch(
      /^outside\/in\/file.*Read-only file system\ny\n$/s,
    )
    expect(await run(`ls ${base} ${base}/outside; cat ${base}/outside/file ${root}/a/file`)).toMatch(
      /outside:\nin\n[^]*No such file[^]*No such file/,
    )
    expect(await run(`echo z > ${write}/made`, false)).toContain('Read-only')
    expect(await run('echo $TMPDIR $HOME; touch $TMPDIR/x && echo mine; ls node_modules')).toMatch(
      /^\/tmp \/home\/task\nmine\n/,
    )
  } finally {
    bed.remove()
  }
})

test('[S173] a place that holds the workspace, the home or the system is named and nothing starts', () => {
  const options = { workspace: root, home: join(base, 'outside'), identity: commandIdentity(root) }
  const found = (path: string) => findGrantedPaths([{ path, mode: 'read' }], options)
  for (const path of [base, root]) expect(() => found(path)).toThrow(`holds ${root}`)
  expect(() => found(join(base, 'outside'))).toThrow('holds')
  expect(() => found(join(root, 'a'))).toThrow('is in the folder served')
  for (const path of ['/etc', '/etc/ssl', '/usr/local', '/proc/1'])
    expect(() => found(path), path).toThrow('belongs to the system')
  expect(found(join(root, 'deep'))).toEqual([{ path: join(base, 'outside/in'), mode: 'read' }])
  expect(found(join(base, 'gone'))).toEqual([])
  for (const path of ['relative', '/', '/a/../b', '/a/', '//a'])
    expect(Policy.safeParse({ paths: [{ path }] }).success, path).toBe(false)
})
