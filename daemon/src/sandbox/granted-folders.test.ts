import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { silentLog } from '@tandem/shared'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openRunner } from './open-runner.ts'
import { Policy } from './policy.ts'
import type { Runner } from './command.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })
// Not in /tmp, of which commands have their own.
const base = realpathSync(mkdtempSync('/var/tmp/tandem-granted-'))
const [workspace, place, looked] = [join(base, 'workspace'), join(base, 'place'), join(base, 'looked')]
let runner: Runner
const policy = Policy.parse({ paths: [{ path: place, mode: 'write' }, { path: looked }] })
const open = () => openRunner({ workspace, policy, environment: env, unsafe: false, log: silentLog })
beforeAll(async () => {
  for (const folder of [workspace, place, looked]) mkdirSync(folder)
  for (const path of ['old/.vscode/settings.json', 'mine/.envrc']) {
    mkdirSync(join(place, path, '..'), { recursive: true })
    writeFileSync(join(place, path), 'mine')
  }
  execFileSync('git', ['init', '-q', join(place, 'repository')])
  writeFileSync(join(looked, '.envrc'), 'mine')
  const { runner: opened, probe } = await open()
  if (probe.tier !== 'full') throw new Error(`${probe.reason}. ${probe.fix}`)
  runner = opened
})
afterAll(() => rmSync(base, { recursive: true }))

const run = async (shellLine: string, id: string) => {
  let output = ''
  const onChunk = (_: string, bytes: Buffer) => void (output += bytes.toString())
  return { ...(await runner.runCommand({ id, shellLine, cwd: workspace, onChunk })), output }
}

test('[SBX-398] what a command leaves in a further folder for others to run is set aside there, also what it changed', async () => {
  const ran = await run(
    `cd ${place} && echo evil > .envrc && echo evil >> old/.vscode/settings.json && echo kept > file &&
     echo '#!/bin/sh' > repository/.git/hooks/pre-commit && git -C repository config core.fsmonitor ./evil; echo evil > ${workspace}/.envrc; echo ran`,
    'one',
  )
  expect(ran).toMatchObject({ exitCode: 0, output: 'ran\n' })
  const aside = join(place, '.tandem/quarantine/one')
  expect(ran.quarantined).toEqual({
    folder: `.tandem/quarantine/one and ${aside}`,
    paths: [
      '.envrc',
      ...['.envrc', 'old/.vscode', 'repository/.git/config', 'repository/.git/hooks/pre-commit'].map((path) =>
        join(place, path),
      ),
    ],
    left: [],
  })
  expect(readdirSync(place).toSorted()).toEqual(['.tandem', 'file', 'mine', 'old', 'repository'])
  expect(readFileSync(join(aside, 'old/.vscode/settings.json'), 'utf8')).toBe('mineevil\n')
  expect(readFileSync(join(place, 'mine/.envrc'), 'utf8')).toBe('mine')
})

test('[SBX-398] where nothing of that is left, nothing is made or moved there; what may only be read is not looked at', async () => {
  rmSync(join(place, '.tandem'), { recursive: true })
  const ran = await run(`echo more >> ${place}/file; cat ${looked}/.envrc; echo x > ${looked}/.envrc`, 'two')
  expect(ran).toMatchObject({ output: expect.stringMatching(/^mine.*Read-only/) })
  expect(ran.quarantined).toBeUndefined()
  expect(existsSync(join(place, '.tandem'))).toBe(false)
  expect(readdirSync(join(workspace, '.tandem/running'))).toEqual([])
})

test('[SBX-398] [SBX-237] what a killed daemon could not look after there is looked after by the next', async () => {
  const running = join(workspace, '.tandem/running')
  let note = ''
  // As a daemon leaves it that is killed while the command runs: its note, of a process that is no more.
  const onChunk = () => {
    const [name = ''] = readdirSync(running).filter((each) => readFileSync(join(running, each), 'utf8').includes(place))
    note = readFileSync(join(running, name), 'utf8').replace(/"processStart":"\d+"/, '"processStart":"1"')
  }
  await runner.runCommand({ id: 'three', shellLine: 'echo', cwd: workspace, onChunk })
  writeFileSync(join(running, `${process.pid}-900.json`), note)
  writeFileSync(join(place, '.mcp.json'), 'evil')
  await open()
  expect(existsSync(join(place, '.mcp.json'))).toBe(false)
  expect(readFileSync(join(place, '.tandem/quarantine/three/.mcp.json'), 'utf8')).toBe('evil')
  expect(readFileSync(join(place, 'mine/.envrc'), 'utf8')).toBe('mine')
  expect(readdirSync(running)).toEqual([])
})
