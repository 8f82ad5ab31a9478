import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import type { VirtualShell } from './shell.ts'
import { createShells } from './shells.ts'

test('[S216] [SBX-320] each session has its own shell, until nobody used it for long; one without a name is for a single use', async () => {
  const clock = fakeClock()
  const closed: (string | undefined)[] = []
  const create = (name: string | undefined) =>
    ({ getCwd: () => name ?? '', close: () => closed.push(name) }) as unknown as VirtualShell
  const shells = createShells(create, clock)
  const use = (name?: string) => shells.use(name, async (shell) => shell)
  const first = await use('a')
  expect(await use('a')).toBe(first)
  expect(await use('b')).not.toBe(first)
  await use()
  expect(closed).toEqual([undefined])
  clock.advance(29 * 60_000)
  await use('a')
  clock.advance(2 * 60_000)
  expect(closed).toEqual([undefined, 'b'])
  for (let i = 0; i < 32; i++) await use(`s${i}`)
  expect(closed).toEqual([undefined, 'b', 'a'])
  shells.close()
  expect(closed).toHaveLength(35)
})
