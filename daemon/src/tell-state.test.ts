import { createId } from '@tandem/shared'
import { cachedView, openDaemon, type Answer, type MirrorState, type View } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { hearAnswers, tellState } from './tell-state.ts'

/** A value that can be set. */
function cell<T>(first: T): View<T> & { set(value: T): void } {
  let value = first
  let changed = () => {}
  const view = cachedView(
    () => value,
    (call) => (changed = call),
  )
  return {
    ...view,
    set: (next) => {
      value = next
      changed()
    },
  }
}
const live: MirrorState = { phase: 'live', files: 0, hidden: [], conflicts: [], alerts: [] }
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('[MIR-122] what changes a thousand times a second is told four times a second, and the last of it always', async () => {
  const clock = fakeClock()
  const state = cell<MirrorState>(live)
  const doc = new Y.Doc()
  const daemon = openDaemon(doc)
  let writes = 0
  doc.on('update', () => writes++)
  const heard: (number | undefined)[] = []
  const end = tellState({
    daemon,
    mirror: { state },
    isReady: () => true,
    onProgress: ({ done }) => heard.push(done),
    clock,
  })
  expect(daemon.snapshot()).toMatchObject({ workspaceStatus: 'connected', mirror: { phase: 'live' } })
  clock.advance(10_000)
  writes = 0
  for (let done = 1; done <= 2_000; done++) {
    state.set({ ...live, phase: 'importing', done, total: 2_000 })
    await Promise.resolve()
    clock.advance(1)
  }
  // At once, then at each of eight quarters; the status is one of them.
  expect(heard.slice(1)).toEqual([1, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000])
  expect(writes).toBeLessThanOrEqual(10)
  expect(daemon.snapshot().workspaceStatus).toBe('syncing')
  state.set(live)
  end()
  expect(daemon.snapshot()).toMatchObject({ workspaceStatus: 'connected', mirror: { phase: 'live' } })
  writes = 0
  state.set({ ...live, phase: 'importing', done: 1, total: 1 })
  clock.advance(1_000)
  await settled()
  expect(writes).toBe(0)
})

test('[MIR-123] the mirror hears what was answered to what it shows, here, now or while it was not there', async () => {
  const [daemonId, other] = [createId(), createId()]
  const [asked, conflict, foreign] = [createId(), createId(), createId()]
  const answer = (id: string, daemon: string, word: Answer['answer']): [string, Answer] => [
    id,
    { id, daemon, answer: word, by: other, byName: 'Mira', at: 1 },
  ]
  const answers = cell<ReadonlyMap<string, Answer>>(new Map([answer(conflict, daemonId, 'dismiss')]))
  const state = cell<MirrorState>(live)
  const heard: [string, string][] = []
  const mirror = { state, answer: (id: string, word: string) => void heard.push([id, word]) }
  const end = hearAnswers({ daemonId, answers, mirror })
  expect(heard).toEqual([])
  const shown = { id: conflict, kind: 'lines' as const, path: 'a.ts', at: 1, record: 'r', sides: {} }
  state.set({ ...live, conflicts: [shown] })
  await settled()
  expect(heard.splice(0)).toEqual([[conflict, 'dismiss']])
  const question = { id: asked, kind: 'deletions' as const, count: 2, total: 3, examples: [], at: 1 }
  state.set({ ...live, phase: 'halted', question })
  answers.set(new Map([answer(foreign, daemonId, 'delete'), answer(asked, other, 'delete')]))
  await settled()
  expect(heard).toEqual([])
  answers.set(new Map([answer(asked, daemonId, 'restore')]))
  await settled()
  expect(heard.splice(0)).toEqual([[asked, 'restore']])
  end()
  answers.set(new Map([answer(asked, daemonId, 'delete')]))
  await settled()
  expect(heard).toEqual([])
})
