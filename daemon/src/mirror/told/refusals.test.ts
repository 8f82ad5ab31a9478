import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Mirror } from '../mirror.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => (rig = createRig()))
afterEach(() => rig.close())

const refused = (mirror: Mirror) => mirror.state.snapshot().alerts.filter(({ kind }) => kind === 'refused')

test('[MIR-127] a path that is refused is an alert with what can be done, once, until it has another name', async () => {
  rig.server.create('.env', 'SECRET=1\n')
  const mirror = await rig.start()
  await mirror.settle()
  await mirror.settle()
  expect(refused(mirror)).toEqual([
    {
      kind: 'refused',
      path: '.env',
      says: '.env is not mirrored (not shared: .env).',
      fix: expect.stringContaining('Rename it'),
      at: expect.any(Number),
    },
  ])
  expect(rig.disk('.env')).toBeUndefined()
  rig.server.files.move(rig.server.id('.env'), 'env.example')
  await rig.until(() => rig.disk('env.example') === 'SECRET=1\n')
  await mirror.settle()
  expect(refused(mirror)).toEqual([])
})

test('[MIR-127] what is in the way of a file is an alert until it is moved away, or the file is gone', async () => {
  rig.write('taken/x.ts', 'x\n')
  const mirror = await rig.start()
  const id = rig.server.create('taken', 'text\n')
  await rig.until(() => refused(mirror).length === 1)
  expect(refused(mirror)[0]).toMatchObject({ path: 'taken', says: 'taken is not mirrored (a dir is in the way).' })
  rmSync(join(rig.folder, 'taken'), { recursive: true })
  await rig.until(() => rig.disk('taken') === 'text\n')
  await rig.until(() => refused(mirror).length === 0)

  rig.server.create('.git/hooks/x', 'x\n')
  const other = rig.server.create('node_modules/x.js', 'x\n')
  await rig.until(() => refused(mirror).length > 0)
  rig.server.files.remove(other, { by: createId(), at: 1 })
  await rig.until(() => rig.server.files.get(other)?.deleted !== undefined)
  await mirror.settle()
  expect(refused(mirror).map(({ path }) => path)).not.toContain('node_modules/x.js')
  expect(rig.server.files.get(id)?.deleted).toBeUndefined()
})
