import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { daemonOf, setUp } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

test('[SBX-360] how far the walls hold is audited where it changes, and each start without any', async () => {
  const { daemon, referee, start, audited, ops, ...t } = await setUp()
  const told = () => audited.filter((line) => line === `daemon.sandbox ${daemon.id}`).length
  await daemon.hello()
  expect(told()).toBe(0)
  await daemon.hello({ sandbox: 'full' })
  await daemon.hello({ sandbox: 'full', bootId: createId() })
  expect(told()).toBe(1)
  const bootId = createId()
  await daemon.hello({ sandbox: 'unsafe', bootId })
  await daemon.hello({ sandbox: 'unsafe', bootId })
  expect(told()).toBe(2)
  // What a restart of the server keeps is enough to know that it was told.
  await start().onMessage(daemon.id, {
    t: 'hello',
    protocol: 1,
    bootId,
    mono: 0,
    slots: 3,
    running: [],
    lastGrantSeq: 0,
    sandbox: 'unsafe',
  })
  expect(told()).toBe(2)
  await daemon.hello({ sandbox: 'unsafe', bootId: createId() })
  expect(told()).toBe(3)
  expect(ops.daemons.get(daemon.id)).toMatchObject({ sandbox: 'unsafe' })
  const other = await daemonOf({ ...t, daemonOwners: t.daemonOwners, start, audited, ops }, referee)
  await other.hello({ sandbox: 'full' })
  expect(audited.at(-1)).toBe(`daemon.sandbox ${other.id}`)
})

test('[S142] [SBX-360] a command that starts, ends or is refused stands in the audit, its end with how it was run', async () => {
  const { ask, daemon, ports, audited } = await setUp()
  const entries: object[] = []
  const { audit } = ports
  ports.audit = (entry) => (entries.push(entry), audit(entry))
  const [ran, refused] = [await ask(runs()), await ask(runs('sudo ls'))]
  await daemon.claim(ran)
  await daemon.report(ran, 1, 'running')
  await daemon.report(ran, 1, 'completed', 0, { sandbox: 'reduced' })
  await daemon.refuse(refused)
  const verbs = (id: string) => audited.filter((line) => line.endsWith(id)).map((line) => line.split(' ')[0])
  expect(verbs(ran)).toEqual(['task.create', 'task.grant', 'task.start', 'task.end'])
  expect(verbs(refused)).toEqual(['task.create', 'task.refuse'])
  expect(entries).toContainEqual(
    expect.objectContaining({
      action: 'task.end',
      object: ran,
      details: expect.objectContaining({ to: 'completed', exitCode: 0, sandbox: 'reduced' }),
    }),
  )
})
