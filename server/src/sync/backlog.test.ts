import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { acknowledged, testClient, testServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const

/** A store whose disk waits where it is told to, and which remembers how many bytes of updates each batch had. */
function slow() {
  const store = openMemoryStore()
  const disk = { hold: undefined as Promise<void> | undefined, batches: [] as number[] }
  const wrapped: Store = {
    ...store,
    commit: async (writes, fence) => {
      disk.batches.push(writes.reduce((sum, w) => sum + (w.t === 'entry' ? w.entry.update.length : 0), 0))
      await disk.hold
      await store.commit(writes, fence)
    },
  }
  return { store: wrapped, disk }
}

test('[LOG-41] while the disk cannot keep up sockets are not read and changes over REST wait; nobody is called silent, and all of it arrives', async () => {
  const { store, disk } = slow()
  const clock = fakeClock()
  const server = await testServer({ store, clock, flags: { maxBacklogBytes: 200_000, pingMs: 100, deadMs: 500 } })
  const said = (msg: string) => vi.waitFor(() => expect(server.lines.map((l) => l['msg'])).toContain(msg), 10_000)
  const client = await testClient(server)
  const [writer, bystander] = [await client.open(newFile()), await testClient(server)]
  await acknowledged(writer.provider)
  const slowly = Promise.withResolvers<void>()
  disk.hold = slowly.promise
  for (let i = 0; i < 60; i++) writer.text.insert(0, `${i} `.repeat(20_000))
  await said('disk slow, sockets are not read')
  const put = server.inWorkspace('/files/a.txt', { method: 'PUT', body: 'later', headers: { 'if-none-match': '*' } })
  // Health still answers; the beats of four times the patience end nobody.
  for (let i = 0; i < 20; i++) {
    clock.advance(100)
    expect((await server.api('/api/health')).status).toBe(200)
  }
  expect(client.closes).toEqual([])
  const before = disk.batches.length
  disk.hold = undefined
  slowly.resolve()
  await said('disk keeps up, sockets are read again')
  await acknowledged(writer.provider)
  expect((await put).status).toBe(201)
  expect(client.closes).toEqual([])
  expect(bystander.closes).toEqual([])
  // What had gathered meanwhile is the limit and what was under way, not all that was sent.
  expect(disk.batches[before]).toBeLessThan(2_000_000)
  expect(Y.encodeStateAsUpdate(writer.doc).length).toBeGreaterThan(3_000_000)
})
