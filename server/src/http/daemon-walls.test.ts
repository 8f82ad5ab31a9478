import { AuditPage, createId, DaemonList } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { testServer } from '../test-server.ts'

test('[SBX-360] [SBX-361] a daemon without walls is seen in the list and the status, and stands in the audit', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'laptop')
  const read = async (path: string) => (await server.inWorkspace(path)).json()
  const listed = async () => DaemonList.parse(await read('/daemons')).daemons
  expect((await listed())[0]).not.toHaveProperty('sandbox')
  const bootId = createId()
  const hello = (sandbox: string) =>
    daemon.say({ t: 'hello', protocol: 1, bootId, mono: 1, slots: 3, running: [], lastGrantSeq: 0, sandbox })
  hello('full')
  await vi.waitFor(async () => expect(await listed()).toMatchObject([{ id: daemon.id, sandbox: 'full' }]))
  hello('unsafe')
  await vi.waitFor(async () => expect(await listed()).toMatchObject([{ id: daemon.id, sandbox: 'unsafe' }]))
  expect(await read('/status')).toMatchObject({ daemons: [{ id: daemon.id, sandbox: 'unsafe' }] })
  const { entries, whole } = AuditPage.parse(await read('/audit?verify'))
  const told = entries.filter(({ action }) => action === 'daemon.sandbox')
  expect(whole).toBe(true)
  // In the name of whoever it belongs to.
  const by = { object: daemon.id, actor: (await server.access()).claims.principal }
  expect(told).toEqual([
    expect.objectContaining({ ...by, details: { from: 'full', to: 'unsafe', bootId } }),
    expect.objectContaining({ ...by, details: { to: 'full', bootId } }),
  ])
})
