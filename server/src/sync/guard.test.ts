import { createLog } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { guard } from './guard.ts'

test('[ACC-33] a hook that throws is logged and harms nobody: unguarded it would end the process', async () => {
  const lines: string[] = []
  const guarded = guard(createLog({ write: (line) => lines.push(line) }))
  const sync = guarded.hook('first', () => {
    throw new Error('one')
  })
  const asynchronous = guarded.hook('second', async () => {
    throw new Error('two')
  })
  await expect(sync(undefined)).resolves.toBeUndefined()
  await expect(asynchronous(undefined)).resolves.toBeUndefined()
  guarded.quietly('third', async () => {
    throw new Error('three')
  })
  await vi.waitFor(() => expect(lines).toHaveLength(3))
  expect(lines.join()).toMatch(/first.*one.*second.*two.*third.*three/)
})
