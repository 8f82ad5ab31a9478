import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { silentLog } from '@tandem/shared'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openRunner } from './open-runner.ts'
import { defaultPolicy } from './policy.ts'
import { makeTemporary, removeTemporary, sweepTemporary } from './temporary.ts'

let place: string
let endOther = async () => {}
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'tandem-temporary-'))
  vi.stubEnv('TMPDIR', place)
})
afterEach(async () => {
  await endOther()
  vi.unstubAllEnvs()
  rmSync(place, { recursive: true })
})

/** Starts a process of its own that opens a way out and makes some folders, and says so. */
async function startOther() {
  const script = `
    const at = ${JSON.stringify(new URL('.', import.meta.url).href)}
    const { openWayOut } = await import(new URL('way-out.ts', at))
    const { makeTemporary } = await import(new URL('temporary.ts', at))
    const { createServer } = await import('node:net')
    const { mkdirSync, writeFileSync } = await import('node:fs')
    const open = async (folder) => {
      const server = createServer()
      await new Promise((done) => server.listen(folder + '/out', done))
      return async () => server.close()
    }
    const egress = { environment: {}, ports: [], open }
    await openWayOut(egress, { uid: process.getuid(), gid: process.getgid() })
    const probe = makeTemporary('probe')
    mkdirSync(probe + '/a/b', { recursive: true })
    writeFileSync(probe + '/a/b/c', 'x')
    process.stdout.write('ready')
    setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  endOther = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

test('[SBX-396] what a killed daemon left among the temporary files goes with the next start, and nothing that is in use', async () => {
  await startOther()
  const own = makeTemporary('data')
  expect(readdirSync(place).map((name) => name.split('-')[1])).toEqual(['data', 'out', 'probe'])
  const there = readdirSync(place)
  sweepTemporary()
  expect(readdirSync(place)).toEqual(there)

  await endOther()
  const workspace = join(place, 'workspace')
  mkdirSync(workspace)
  const options = { workspace, policy: defaultPolicy, environment: {}, unsafe: true, log: silentLog }
  await openRunner({ ...options, looksOnly: true })
  expect(readdirSync(place)).toHaveLength(4)
  await openRunner(options)
  expect(readdirSync(place)).toEqual([basename(own), 'workspace'])
})

test('[SBX-396] what only looks like it stays: links, other users’ folders, other containers’, other names', async () => {
  const own = basename(makeTemporary('out'))
  const [, , space, pid] = own.split('-')
  const outside = join(place, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'kept'), '')
  const kept = {
    link: `tandem-out-${space}-${pid}-1-aaaaaa`,
    other: `tandem-out-1${space}-${pid}-1-aaaaaa`,
    name: `other-out-${space}-${pid}-1-aaaaaa`,
    file: `tandem-data-${space}-${pid}-1-aaaaaa`,
  }
  symlinkSync(outside, join(place, kept.link))
  for (const name of [kept.other, kept.name]) mkdirSync(join(place, name))
  writeFileSync(join(place, kept.file), '')
  const somebodys = join(place, `tandem-out-${space}-${pid}-1-bbbbbb`)
  if (process.getuid?.() === 0) {
    mkdirSync(somebodys)
    chownSync(somebodys, 12_345, 12_345)
  }
  const dead = join(place, `tandem-out-${space}-${pid}-1-cccccc`)
  mkdirSync(dead)
  symlinkSync(outside, join(dead, 'link'))
  sweepTemporary()
  expect(existsSync(dead)).toBe(false)
  for (const name of [own, ...Object.values(kept)]) expect(readdirSync(place)).toContain(name)
  expect(existsSync(somebodys)).toBe(process.getuid?.() === 0)
  expect(readdirSync(outside)).toEqual(['kept'])
})

test('[SBX-396] such a folder is for us alone, and removed with all in it', () => {
  const folder = makeTemporary('cell')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  writeFileSync(join(folder, 'a/b/c'), 'x')
  symlinkSync(place, join(folder, 'a/link'))
  chmodSync(join(folder, 'a/b'), 0)
  removeTemporary(folder)
  expect(readdirSync(place)).toEqual([])
})
