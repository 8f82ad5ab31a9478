import { timingSafeEqual } from 'node:crypto'
import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import { createApiKey, openApiKeys } from './api-keys.ts'
import type { AuthTable } from './table.ts'

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>()
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) }
})

const emptyTable: AuthTable = {
  read: async () => undefined,
  write: async () => {},
  list: async function* () {},
}

test('[S51] [S54] whatever is shown, as many secrets are compared, each in constant time', async () => {
  const keys = await openApiKeys(emptyTable, fakeClock())
  await keys.setPrograms([
    { name: 'QUEUE_API_KEY', role: 'runner', scopes: ['read'], secret: 'q'.repeat(40) },
    { name: 'ASSISTANT_API_KEY', role: 'viewer', scopes: ['read'], secret: 'a'.repeat(50) },
  ])
  const { key, info } = await keys.make({
    name: 'x',
    role: 'editor',
    scopes: ['read'],
    kind: 'own',
    principal: createId(),
  })
  const compared = (secret: string) => {
    vi.mocked(timingSafeEqual).mockClear()
    const found = keys.verify(secret)
    return [found !== undefined, vi.mocked(timingSafeEqual).mock.calls.length]
  }
  expect(keys.verify(key)).toBe(info.id)
  expect(compared(key)).toEqual([true, 3])
  expect(compared('a'.repeat(50))).toEqual([true, 3])
  for (const wrong of [`${key}x`, createApiKey(), 'q'.repeat(39), '', 'x'.repeat(300)]) {
    expect(compared(wrong)).toEqual([false, 3])
  }
})

test('[ACC-41] a key that has expired is none, and shows in the list until it is removed', async () => {
  const clock = fakeClock()
  const keys = await openApiKeys(emptyTable, clock)
  const asked = { name: 'x', role: 'editor', scopes: ['read'], kind: 'own', principal: createId() } as const
  const { key, info } = await keys.make({ ...asked, scopes: ['read'], expiresAt: clock.now() + 1_000 })
  expect(keys.get(info.id)).toMatchObject({ name: 'x' })
  clock.advance(1_000)
  expect([keys.verify(key), keys.get(info.id)]).toEqual([undefined, undefined])
  expect(keys.list().map(({ id }) => id)).toEqual([info.id])
})
