import { existsSync } from 'node:fs'
import { createId, systemClock } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { describeContainers } from './containers.suite.ts'
import { createBed, realPodman, type Engine } from './fixture.ts'
import { openContainers } from './open.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const open = (): Engine => {
  const engine = realPodman()
  if (engine) return engine
  throw new Error('podman has nothing to run containers with: apt-get install runc')
}

function tryPodman() {
  describeContainers('Podman', open)

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
function sayWhyNot() {
  test('Podman is not here, or this is not root: containers were tried with a stand-in alone (apt-get install podman runc)', () => {})
}
const isHere = process.getuid?.() === 0 && existsSync('/usr/bin/podman')
;(isHere ? tryPodman : sayWhyNot)()
