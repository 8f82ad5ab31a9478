import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createPens } from './pens.ts'

test('[TSK-65] of what a server told and lost, and what the next one writes, everybody sees the latter', () => {
  const meta = { author: createId(), origin: 'server' } as const
  const now = Date.UTC(2027)
  for (let round = 0; round < 20; round++) {
    const disk = new Y.Doc()
    disk.getMap('tasks').set('a', 'queued')
    const kept = Y.encodeStateAsUpdate(disk)
    const replica = new Y.Doc()
    /** A life of the server, from what is on its disk; what it writes reaches the replica. */
    const live = (at: number, state: string) => {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, kept)
      createPens(() => at)(doc, meta, () => doc.getMap('tasks').set('a', state))
      Y.applyUpdate(replica, Y.encodeStateAsUpdate(doc))
    }
    live(now + round * 1_000, 'leased')
    live(now + round * 1_000 + 500, 'running')
    expect(replica.getMap('tasks').get('a')).toBe('running')
  }
})
