import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createId } from '../base/ids.ts'
import { openDaemon, type MirrorConflict, type MirrorState } from './daemon.ts'

const state = (more: Partial<MirrorState> = {}): MirrorState => ({
  phase: 'live',
  files: 0,
  hidden: [],
  conflicts: [],
  alerts: [],
  ...more,
})
const conflict = (at: number, path: string): MirrorConflict => ({
  id: createId(),
  kind: 'lines',
  path,
  at,
  record: `.tandem/conflicts/${path}`,
  sides: { disk: { blob: 'a'.repeat(64), size: 1 } },
})

test('[MIR-122] progress told again and again writes neither conflicts nor alerts anew', () => {
  const doc = new Y.Doc()
  const daemon = openDaemon(doc)
  const conflicts = Array.from({ length: 200 }, (_, i) => conflict(i, `${i}.ts`))
  const alerts = [{ kind: 'clash' as const, path: 'A.ts', says: 'two names', at: 1 }]
  daemon.set('mirror', state({ conflicts, alerts }))
  expect(daemon.snapshot().mirror).toEqual(state({ conflicts, alerts }))
  let bytes = 0
  doc.on('update', (update: Uint8Array) => (bytes += update.length))
  for (let done = 0; done < 100; done++)
    daemon.set('mirror', state({ phase: 'importing', done, total: 100, conflicts, alerts }))
  expect(bytes).toBeLessThan(100 * 300)
  expect(daemon.snapshot().mirror?.done).toBe(99)
  daemon.set('mirror', state({ conflicts: conflicts.slice(1) }))
  expect(daemon.snapshot().mirror).toEqual(state({ conflicts: conflicts.slice(1) }))
})
