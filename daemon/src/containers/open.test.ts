import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId, systemClock } from '@tandem/shared'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { findCli } from './cli.ts'
import { createBed, standIn } from './fixture.ts'
import { openContainers } from './open.ts'

vi.setConfig({ testTimeout: 60_000 })

const engine = standIn()
const bed = createBed(engine)
afterAll(() => [bed, engine].forEach((each) => each.remove()))

const { signal } = new AbortController()
const about = { cpus: 1, bootId: createId(), clock: systemClock, looksOnly: false, signal }
const open = (image: string | undefined, machine: Partial<typeof bed.machine> = {}) =>
  openContainers({ image, machine: { ...bed.machine, ...machine }, ...about })

test('[S171] [SBX-385] an engine whose containers hold off all attacks is taken, and it is said which', async () => {
  expect(await open(engine.image)).toMatchObject({
    says: expect.stringContaining('12 attacks were tried and held off'),
  })
})

test('[SBX-385] an engine that bounds no memory is refused, with what did not hold', async () => {
  const loose = standIn({ isBounded: false })
  onTestFinished(loose.remove)
  expect(await open(loose.image, { hostEnvironment: loose.environment })).toMatchObject({
    wanted: true,
    reason: expect.stringMatching(/does not hold: code could use memory without limit$/),
  })
})

test('[S171] [SBX-385] without an image, an engine, or a folder that is not root’s there are none, and it is said why', async () => {
  expect(await open(undefined)).toMatchObject({ wanted: false, fix: expect.stringContaining('containers.image') })
  const root = { ...bed.machine.identity, uid: 0, isRoot: true }
  expect(await open(engine.image, { identity: root })).toMatchObject({
    fix: expect.stringContaining('Give the folder'),
  })
  const folder = mkdtempSync(join(tmpdir(), 'tandem-broken-'))
  writeFileSync(join(folder, 'podman'), '#!/bin/sh\necho "Cannot connect to the daemon" >&2; exit 125\n', {
    mode: 0o755,
  })
  const broken = { PATH: `${folder}:/usr/bin:/bin` }
  expect(await open(engine.image, { hostEnvironment: broken })).toMatchObject({
    reason: expect.stringContaining('Cannot connect to the daemon'),
    fix: expect.stringContaining('Start Docker'),
  })
  rmSync(folder, { recursive: true })
})

test('[SBX-385] an engine inside the folder is none, and it is told little of the environment', () => {
  const inside = join(bed.workspace, 'bin')
  symlinkSync(engine.environment.XDG_RUNTIME_DIR ?? '', inside)
  const cli = findCli({ ...engine.environment, PATH: `${inside}:${engine.environment.PATH}` }, bed.workspace)
  expect(cli?.program.startsWith(bed.workspace)).toBe(false)
  expect(Object.keys(cli?.environment ?? {}).toSorted()).toEqual(['PATH', 'XDG_RUNTIME_DIR'])
  rmSync(inside)
})
