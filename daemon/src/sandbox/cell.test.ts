import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, expect, test, vi } from 'vitest'
import { createCells, type Cell } from './cell.ts'
import { commandIdentity } from './identity.ts'
import { findWalls } from './walls.ts'

vi.setConfig({ testTimeout: 30_000 })
const folder = mkdtempSync(join(tmpdir(), 'tandem-cell-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function start(code: string, more: { cpuSeconds?: number; procs?: number } = {}): Cell {
  const identity = commandIdentity(folder)
  const walls = findWalls({ path: env.PATH ?? '', workspace: folder, isRoot: identity.isRoot })
  if ('reason' in walls) throw new Error(walls.reason)
  const argv = [process.execPath, '--no-warnings', '/cell/program.mjs'] as const
  return createCells(
    walls,
    identity,
  )({ argv, files: { '/cell/program.mjs': code }, cpuSeconds: 20, procs: 64, ...more })
}
async function said({ stdout, stderr, exit }: Cell): Promise<string> {
  let text = ''
  stdout.on('data', (bytes) => (text += String(bytes)))
  stderr.on('data', (bytes) => (text += String(bytes)))
  await Promise.all([exit, new Promise((ended) => stdout.once('close', ended))])
  return text
}

test('[SBX-297] in a cell there is nothing but the program: no folder, nothing to write, no network, no process of others', async () => {
  const text = await said(
    start(`
      import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs'
      import { connect } from 'node:net'
      import { lookup } from 'node:dns/promises'
      const tries = {
        folders: () => readdirSync('/').join(),
        cell: () => readdirSync('/cell').join(),
        home: () => readFileSync(${JSON.stringify(import.meta.filename)}, 'utf8').length,
        workspace: () => readdirSync(${JSON.stringify(folder)}),
        passwd: () => readFileSync('/etc/passwd', 'utf8'),
        processes: () => readdirSync('/proc'),
        write: () => writeFileSync('/cell/x', 'x'),
        make: () => mkdirSync('/tmp'),
        shell: () => readFileSync('/bin/sh'),
        env: () => Object.keys(process.env).join(),
        net: () => new Promise((_, no) => connect(1, '127.0.0.1').on('error', no)),
        name: () => lookup('localhost.example'),
      }
      for (const [name, attack] of Object.entries(tries)) {
        try { console.log(name + ': ' + await attack()) } catch (e) { console.log(name + ': refused') }
      }`),
  )
  const lines = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(': ') as [string, string]),
  )
  expect(lines).toMatchObject({ cell: 'program.mjs', env: expect.stringMatching(/^(PWD)?$/) })
  expect(lines['folders']?.split(',')).not.toEqual(expect.arrayContaining(['proc']))
  for (const name of ['home', 'workspace', 'passwd', 'processes', 'write', 'make', 'shell', 'net', 'name'])
    expect([name, lines[name]]).toEqual([name, 'refused'])
})

test('[SBX-297] [S167] it is spoken with over its pipes, and ends by its processor time whatever it does', async () => {
  const echoes = start(`process.stdin.on('data', (bytes) => { process.stdout.write(bytes); process.exit(7) })`)
  echoes.stdin.write('hello\n')
  expect(await said(echoes)).toBe('hello\n')
  expect(await echoes.exit).toEqual({ code: 7, signal: null })
  const spins = start('for (;;);', { cpuSeconds: 1 })
  expect((await spins.exit).code).toBeGreaterThan(128)
})

test('[SBX-297] [SBX-208] nothing of a cell survives the sudden death of who started it', async () => {
  const mark = `cell-${process.pid}-${Date.now()}`
  const program = `
    import { createCells } from ${JSON.stringify(join(import.meta.dirname, 'cell.ts'))}
    import { commandIdentity } from ${JSON.stringify(join(import.meta.dirname, 'identity.ts'))}
    import { findWalls } from ${JSON.stringify(join(import.meta.dirname, 'walls.ts'))}
    const identity = commandIdentity(${JSON.stringify(folder)})
    const walls = findWalls({ path: process.env.PATH, workspace: ${JSON.stringify(folder)}, isRoot: identity.isRoot })
    const argv = [process.execPath, '/program.mjs', ${JSON.stringify(mark)}]
    const files = { '/program.mjs': 'console.log("up"); setInterval(() => {}, 1000)' }
    createCells(walls, identity)({ argv, files, cpuSeconds: 20, procs: 64 }).stdout.pipe(process.stdout)`
  const starter = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((up) => starter.stdout.once('data', up))
  expect(running(mark)).toBeGreaterThan(0)
  starter.kill('SIGKILL')
  await vi.waitFor(() => expect(running(mark)).toBe(0), { timeout: 20_000 })
})

const running = (mark: string): number => {
  try {
    return execFileSync('pgrep', ['-fc', `program.mjs ${mark}$`], { encoding: 'utf8' }).trim() === '' ? 0 : 1
  } catch {
    return 0 // none is its exit code 1
  }
}
