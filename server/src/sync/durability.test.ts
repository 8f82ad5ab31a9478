import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'

test('[LOG-1] what was acknowledged is there after a restart', async () => {
  const doc = { kind: 'file', fileId: createId() } as const
  const first = await testServer()
  const writer = await (await testClient(first)).open(doc)
  writer.text.insert(0, 'hello')
  await acknowledged(writer.provider)
  await first.end()

  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const reader = await (await testClient(second)).open(doc)
  expect(reader.text.toString()).toBe('hello')
})
