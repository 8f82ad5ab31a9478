import { createId, docPath, type DocRef } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { DocState, OpenDoc } from './open-doc.ts'
import { createRegistry } from './registry.ts'
import { createState } from './state.ts'

function registryForTest() {
  const clock = fakeClock()
  const opened: string[] = []
  const closed: string[] = []
  const states = new Map<string, ReturnType<typeof createState<DocState>>>()
  const registry = createRegistry(clock, (ref) => {
    const path = docPath(ref)
    opened.push(path)
    const state = createState<DocState>({ ready: true, synced: true, pending: 0, diverged: false, refused: undefined })
    states.set(path, state)
    return { path, doc: new Y.Doc(), state, close: () => closed.push(path) } as unknown as OpenDoc
  })
  return { clock, opened, closed, states, registry }
}

test('[S37] a document is opened once for all who want it, and closed a while after the last of them let go', () => {
  const { clock, opened, closed, registry } = registryForTest()
  const ref: DocRef = { kind: 'file', fileId: createId() }
  const [one, two] = [registry.open(ref), registry.open(ref)]
  expect(opened).toEqual([docPath(ref)])
  one.release()
  one.release()
  clock.advance(60_000)
  expect(closed).toEqual([])
  two.release()
  const back = registry.open(ref)
  clock.advance(60_000)
  expect(closed).toEqual([])
  back.release()
  clock.advance(60_000)
  expect(closed).toEqual([docPath(ref)])
})

test('[S37] what the server does not have yet keeps its document open', () => {
  const { clock, closed, states, registry } = registryForTest()
  const ref: DocRef = { kind: 'file', fileId: createId() }
  const handle = registry.open(ref)
  states.get(docPath(ref))?.patch({ pending: 1 })
  handle.release()
  clock.advance(60_000)
  expect(closed).toEqual([])
  states.get(docPath(ref))?.patch({ pending: 0 })
  clock.advance(60_000)
  expect(closed).toEqual([docPath(ref)])
})
