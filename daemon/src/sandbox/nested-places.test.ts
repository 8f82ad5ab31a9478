import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { silentLog } from '@tandem/shared'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'
import type { Runner } from './command.ts'
import { describeMachine, openRunner } from './open-runner.ts'
import type { GrantedPath } from './paths.ts'
import { createReducedRunner } from './reduced.ts'
import { findReducedWalls } from './walls.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed()
  if (bed.probe.tier !== 'full') throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
  mkdirSync(join(bed.base, 'data/a/inner/bin'), { recursive: true })
})
afterAll(() => bed?.remove())

const asked = (paths: readonly GrantedPath[], PATH = env.PATH) => ({
  workspace: bed.workspace,
  policy: { ...bed.policy, paths: [...paths] },
  environment: { ...env, PATH, HOME: bed.home },
  log: silentLog,
})
const open = async (paths: readonly GrantedPath[]) => {
  const { runner } = await openRunner({ ...asked(paths), unsafe: false })
  return runBy(runner)
}
const runBy = (runner: Runner) => async (shellLine: string) => {
  let text = ''
  const onChunk = (_: string, bytes: Buffer) => void (text += bytes.toString())
  await runner.runCommand({ shellLine: `exec 2>&1; ${shellLine}`, cwd: bed.workspace, onChunk })
  return text
}
const outer = () => ({ path: join(bed.base, 'data'), mode: 'write' }) as const
const inner = (mode: GrantedPath['mode']) => ({ path: join(bed.base, 'data/a/inner'), mode })

/** What lies in a folder that is written in cannot be held there: its parent is moved, and a link put in its place. */
const swap = (what: string) =>
  `cd ${bed.base}/data; rm -rf b; mv a b; mkdir -p a/inner; rm -df a/${what}; ln -s ${what === 'inner' ? '../..' : '../../..'} a/${what}; echo over`
const putBack = 'rm -rf a; mv b a'
const steal = () => `cat ${bed.base}/outside/secret; ls ${bed.base}; echo over`

test('[SBX-426] [S173] what a place to be written in holds is no place of its own: to be read alone it is refused', async () => {
  for (const paths of [
    [outer(), inner('read')],
    [inner('read'), outer()],
  ])
    await expect(open(paths)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('lies in'),
    })
  for (const paths of [
    [outer(), inner('write')],
    [inner('write'), outer(), outer()],
  ]) {
    const run = await open(paths)
    expect(await run(`echo x > ${bed.base}/data/a/inner/x; ${swap('inner')}`)).toBe('over\n')
    expect(await run(steal())).toMatch(/No such file or directory\ndata\nroot\nover\n$/)
    expect(await run(`cd ${bed.base}/data; ${putBack}; ls a/inner`)).toBe('bin\nx\n')
  }
  // The other way about both hold, in whatever order they are named.
  const run = await open([inner('write'), { ...outer(), mode: 'read' }])
  expect(await run(`echo y > ${bed.base}/data/a/inner/x && echo written; touch ${bed.base}/data/y`)).toMatch(
    /^written\n.*Read-only/,
  )
})

test('[SBX-426] tools that lie in such a place are seen there, and what is put in their place is not', async () => {
  const machine = describeMachine(asked([outer()], `${bed.base}/data/a/inner/bin:${env.PATH}`))
  const walls = findReducedWalls(machine.identity)
  if ('reason' in walls) throw new Error(walls.reason)
  // Where rules are all there is, nothing that comes later covers what a link leads to.
  const run = runBy(createReducedRunner(machine, walls))
  expect(await run(swap('inner/bin'))).toBe('over\n')
  expect(await run(steal())).toMatch(/Permission denied\n.*Permission denied\nover\n$/)
  expect(await run(`cd ${bed.base}/data; rm -rf a; mv b a; ls a/inner`)).toContain('bin')
})
