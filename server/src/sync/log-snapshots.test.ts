import type { Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { playDaemon } from '../test-daemon.ts'
import { post } from '../test-people.ts'
import { testServer } from '../test-server.ts'

test('[TSK-113] a live log is written to disk about once, however often its window moves on', async () => {
  const store = openMemoryStore()
  const [written, of] = [{ entries: 0, snapshots: 0 }, { task: '' as Id }]
  const server = await testServer({
    store: {
      ...store,
      commit: async (writes, fence) => {
        await store.commit(writes, fence)
        for (const w of writes) {
          if (w.t === 'entry' && w.entry.doc.startsWith(`log/${of.task}`)) written.entries += w.entry.update.length
          if (w.t === 'snapshot' && w.doc.startsWith(`log/${of.task}`)) written.snapshots += w.state.length
        }
      },
    },
  })
  const daemon = await playDaemon(server, 'one')
  const body = { payload: { kind: 'command', command: 'make' } }
  of.task = ((await (await server.inWorkspace('/tasks', post(body))).json()) as { id: Id }).id
  const task = await daemon.begin(of.task)
  const bytes = new Uint8Array(16_000).fill(97)
  for (let i = 0; i < 75; i++) await task.write(bytes, 1, 8)
  expect(written.entries).toBeGreaterThan(9_600_000)
  expect(written.snapshots).toBeLessThan(written.entries / 4)
  // After a restart of the server no more than some megabytes are read again.
  expect(written.snapshots).toBeGreaterThan(0)
})
