import { createId, isTandemError } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { openDaemonLease } from './daemon-lease.ts'

const leaseMs = 30_000

function memory() {
  const records = new Map<string, unknown>()
  return {
    read: async (key: string) => records.get(key),
    write: async (key: string, value: unknown) => void records.set(key, structuredClone(value)),
  }
}
async function rig(table = memory(), clock = fakeClock()) {
  const lease = await openDaemonLease({ table, leaseMs, clock })
  const daemon = (name: string, shared = false, id = createId()) => ({ id, name, shared })
  const refused = (of: ReturnType<typeof daemon>) =>
    lease.claim(of).then(
      () => undefined,
      (e: unknown) => (isTandemError(e, 'workspace-served') ? e.message : e),
    )
  return { lease, table, clock, daemon, refused }
}

test('[ACC-66] [S311] one daemon has the workspace; another is told who, and since when', async () => {
  const { lease, daemon, refused, clock } = await rig()
  const [mira, noor] = [daemon('mira-laptop'), daemon('noor-desk')]
  clock.advance(Date.UTC(2026, 10, 21, 9, 30))
  expect(await lease.claim(mira)).toBe(true)
  expect(await lease.claim(mira)).toBe(false)
  expect(await refused(noor)).toBe('the daemon “mira-laptop” serves this workspace since 2026-11-21 09:30 UTC')
  expect([lease.holds(mira.id), lease.holds(noor.id)]).toEqual([true, false])
  expect(lease.holders()).toMatchObject([{ id: mira.id, shared: false, connected: false }])
})

test('[ACC-66] of two that come at once, one gets it', async () => {
  const { lease, daemon, refused } = await rig()
  const answers = await Promise.all([refused(daemon('a')), refused(daemon('b'))])
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
  expect(lease.holders()).toHaveLength(1)
})

test('[ACC-67] a clean end frees it at once, a silence after a while, a connection never', async () => {
  const { lease, daemon, refused, clock } = await rig()
  const [one, two, three] = [daemon('one'), daemon('two'), daemon('three')]
  await lease.claim(one)
  lease.connected(one.id)
  clock.advance(leaseMs * 10)
  expect(await refused(two)).toContain('“one”')
  lease.gone(one.id)
  clock.advance(leaseMs - 1)
  expect(await refused(two)).toContain('“one”')
  lease.renew(one.id)
  clock.advance(leaseMs - 1)
  expect(await refused(two)).toContain('“one”')
  clock.advance(1)
  expect(await refused(two)).toBeUndefined()
  expect(lease.holds(one.id)).toBe(false)
  expect(await refused(one)).toContain('“two”')
  await lease.release(two.id)
  expect(await refused(three)).toBeUndefined()
})

test('[ACC-67] who comes back to an empty place goes on', async () => {
  const { lease, daemon, clock } = await rig()
  const one = daemon('one')
  await lease.claim(one)
  clock.advance(leaseMs * 100)
  expect(lease.holds(one.id)).toBe(true)
  expect(lease.holders()).toEqual([])
  expect(await lease.claim(one)).toBe(false)
  expect(lease.holders()).toHaveLength(1)
})

test('[ACC-68] [S112] several serve it together where each of them says so', async () => {
  const { lease, daemon, refused, clock } = await rig()
  const [one, two, alone] = [daemon('one', true), daemon('two', true), daemon('alone')]
  await lease.claim(one)
  expect(await refused(two)).toBeUndefined()
  expect(lease.holders().map(({ name }) => name)).toEqual(['one', 'two'])
  expect(await refused(alone)).toContain('“one”')
  expect(await refused({ ...two, shared: false })).toContain('“one”')
  await lease.release(one.id)
  expect(await refused({ ...two, shared: false })).toBeUndefined()
  expect(await refused(one)).toContain('“two” serves this workspace since 1970-01-01 00:00 UTC, and does not share it')
  clock.advance(leaseMs)
  expect(await refused(one)).toBeUndefined()
})

test('[ACC-67] a restart of the server gives nobody’s workspace away', async () => {
  const first = await rig()
  const [one, two] = [first.daemon('one'), first.daemon('two')]
  await first.lease.claim(one)
  first.clock.advance(leaseMs * 2)
  const { lease, refused, clock } = await rig(first.table, first.clock)
  expect(lease.holds(one.id)).toBe(true)
  expect(await refused(two)).toContain('“one”')
  clock.advance(leaseMs)
  expect(await refused(two)).toBeUndefined()
})
