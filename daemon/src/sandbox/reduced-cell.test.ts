import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { Cell } from './cell.ts'
import { commandIdentity } from './identity.ts'
import { createReducedCells } from './reduced-cell.ts'
import { findReducedWalls } from './walls.ts'
import { whereReduced } from './where-reduced.suite.ts'

vi.setConfig({ testTimeout: 30_000 })
const folder = mkdtempSync(join(tmpdir(), 'tandem-cell-test-'))
const stop = new AbortController()
afterAll(() => {
  stop.abort()
  rmSync(folder, { recursive: true, force: true })
})

function start(code: string, { cpuSeconds = 20, args = [] as string[] } = {}): Cell {
  const identity = commandIdentity(folder)
  const walls = findReducedWalls(identity)
  if ('reason' in walls) throw new Error(walls.reason)
  const argv = [process.execPath, '--no-warnings', '/cell/program.mjs', ...args] as const
  const files = { '/cell/program.mjs': code }
  return createReducedCells(walls, identity, stop.signal)({ argv, files, cpuSeconds, procs: 64 })
}
async function said({ stdout, stderr, exit }: Cell): Promise<string> {
  let text = ''
  stdout.on('data', (bytes) => (text += String(bytes)))
  stderr.on('data', (bytes) => (text += String(bytes)))
  await Promise.all([exit, new Promise((ended) => stdout.once('close', ended))])
  return text
}

whereReduced(() => {
  test('[SBX-369] a cell without namespaces: it reads its own files and the libraries, and reaches nothing', async () => {
    const text = await said(
      start(`
      import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
      import { connect } from 'node:net'
      import { execFileSync } from 'node:child_process'
      const tries = {
        own: () => readdirSync(import.meta.dirname).join(),
        home: () => readFileSync(${JSON.stringify(import.meta.filename)}, 'utf8').length,
        workspace: () => readdirSync(${JSON.stringify(folder)}),
        passwd: () => readFileSync('/etc/passwd', 'utf8'),
        processes: () => readdirSync('/proc'),
        environ: () => readFileSync('/proc/self/environ'),
        write: () => writeFileSync(import.meta.dirname + '/x', 'x'),
        temporary: () => writeFileSync(${JSON.stringify(join(tmpdir(), 'tandem-cell-x'))}, 'x'),
        shell: () => execFileSync('/bin/sh', ['-c', 'echo through']),
        env: () => Object.keys(process.env).length,
        signal: () => process.kill(${process.pid}, 0),
        net: () => new Promise((_, no) => connect(1, '127.0.0.1').on('error', no)),
      }
      for (const [name, attack] of Object.entries(tries)) {
        try { console.log(name + ': ' + await attack()) } catch { console.log(name + ': refused') }
      }`),
    )
    const lines = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(': ') as [string, string]),
    )
    const { own, env, ...others } = lines
    expect([own, env]).toEqual(['program.mjs', '0'])
    expect(Object.keys(others)).toHaveLength(10)
    expect(new Set(Object.values(others))).toEqual(new Set(['refused']))
  })

  test('[SBX-369] [S167] it is spoken with over its pipes, ends when it is told to, and by its processor time', async () => {
    const echoes = start(`process.stdin.on('data', (bytes) => { process.stdout.write(bytes); process.exit(7) })`)
    echoes.stdin.write('hello\n')
    expect(await said(echoes)).toBe('hello\n')
    expect(await echoes.exit).toEqual({ code: 7, signal: null })
    const mark = `cell-${process.pid}`
    const runs = start('console.log(import.meta.dirname); for (;;);', { args: [mark] })
    const place = String(await new Promise((told) => runs.stdout.once('data', told))).trim()
    expect(existsSync(dirname(place))).toBe(true)
    expect(running(mark)).toBeGreaterThan(0)
    runs.kill()
    await runs.exit
    expect(running(mark)).toBe(0)
    const spins = start('for (;;);', { cpuSeconds: 1 })
    expect((await spins.exit).code).toBeGreaterThan(128)
  })
})

/** How many processes of the machine have this among their last arguments. */
const running = (mark: string): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').endsWith(`\0${mark}\0`)
    } catch {
      return false // it ended while we looked
    }
  }).length
