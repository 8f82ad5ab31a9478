import { createId, systemClock } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { describeContainers } from './containers.suite.ts'
import { createBed, realPodman, triesPodman } from './fixture.ts'
import { openContainers } from './open.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const open = realPodman

function tryPodman() {
  describeContainers('Podman', open)

  tryMemory()

  test('[S171] [SBX-385] Podman’s containers are tried by attacks, and hold', async () => {
    const engine = open()
    const { machine, remove } = createBed(engine)
    const signal = new AbortController().signal
    const about = { cpus: 1, bootId: createId(), clock: systemClock, looksOnly: false, signal }
    const opened = await openContainers({ image: engine.image, machine, ...about })
    expect(opened).toMatchObject({ says: expect.stringContaining('12 attacks were tried and held off') })
    expect(await openContainers({ image: 'localhost/none:1', machine, ...about })).toMatchObject({
      reason: expect.stringContaining('cannot be had'),
      fix: 'Fetch or build it: /usr/bin/podman pull localhost/none:1.',
    })
    for (const each of [{ remove }, engine]) each.remove()
  })
}
function tryMemory() {
  test('[SBX-381] in Podman’s containers what takes too much memory is ended for that', async () => {
    const engine = open()
    const bed = createBed(engine)
    const stop = new AbortController()
    const result = await bed
      .open({ signal: stop.signal })
      .runnerFor(undefined)
      .runCommand({
        argv: ['node', '--eval', 'const all = []; for (let i = 0; i < 30; i++) all.push(Buffer.alloc(2 ** 24, 1))'],
        cwd: bed.workspace,
        limits: { memMb: 128 },
        onChunk: () => {},
      })
    expect(result).toMatchObject({ reason: 'memory-limit', exitCode: null })
    for (const each of [bed, engine]) each.remove()
  })
}
function sayWhyNot() {
  test('Podman itself was not tried, but a stand-in alone: TANDEM_PODMAN=1 as root, with podman and runc, tries it', () => {})
}
;(triesPodman ? tryPodman : sayWhyNot)()
