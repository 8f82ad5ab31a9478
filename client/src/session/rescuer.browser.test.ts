import { createId, type DocPlace, silentLog } from '@tandem/shared'
import { openFile } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { databaseName, openPersist } from './persist.ts'
import { oldEpochs, type Rescue } from './rescue.ts'
import { createRescuer } from './rescuer.ts'

afterEach(() => vi.restoreAllMocks())

/** Writes what never reached the server, in the name of an earlier tab. */
async function typeUnsent({ workspaceId, epoch }: DocPlace, text: string) {
  const persist = openPersist(databaseName(workspaceId, epoch), silentLog)
  const doc = new Y.Doc()
  openFile(doc).text.insert(0, text)
  await persist.keepOwn(`file/${createId()}`, Y.encodeStateAsUpdate(doc))
  persist.close()
}

/** A rescuer, and the downloads it offered in place of the browser's own. */
function rescuerOf(place: DocPlace) {
  const links: HTMLAnchorElement[] = []
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    links.push(this)
  })
  const clock = fakeClock(1_700_000_000_000)
  const restart = vi.fn<() => void>()
  const persist = openPersist(databaseName(place.workspaceId, place.epoch), silentLog)
  const live = { names: () => [], get: () => undefined }
  const rescuer = createRescuer({ place, persist, live, restart, clock, log: silentLog })
  const read = async (n: number) => (await (await fetch(links[n]!.href)).json()) as Rescue
  return { rescuer, clock, links, restart, read, persist, state: () => rescuer.state.snapshot() }
}

test('[UI-50] all earlier epochs come as one file, and nothing goes before the person says that they have it', async () => {
  const now = { workspaceId: createId(), epoch: createId() }
  const earlier = [createId(), createId()]
  await typeUnsent({ ...now, epoch: earlier[0]! }, 'one')
  await typeUnsent({ ...now, epoch: earlier[1]! }, 'two')
  const { rescuer, clock, links, read, persist, state } = rescuerOf(now)
  rescuer.need('old-epoch')
  await rescuer.letGo()
  expect(await oldEpochs(now)).toHaveLength(2)

  await rescuer.saveCopy()
  expect(links.map((link) => link.download)).toEqual([state().copy])
  const { documents } = await read(0)
  expect(new Map(documents.map(({ epoch, text }) => [epoch, text]))).toEqual(
    new Map([
      [earlier[0], 'one'],
      [earlier[1], 'two'],
    ]),
  )
  expect(await oldEpochs(now)).toHaveLength(2)
  expect(state().needed).toBe('old-epoch')

  await rescuer.letGo()
  await expect.poll(() => oldEpochs(now)).toEqual([])
  expect(state().needed).toBe('none')

  // A slow browser, or one that asks first, fetches the file long after the click.
  clock.advance(59_000)
  expect((await read(0)).documents).toHaveLength(2)
  clock.advance(1_000)
  await expect(read(0)).rejects.toThrow()
  await persist.destroy()
})

test('[UI-50] an edit made after the copy is not let go with it', async () => {
  const place = { workspaceId: createId(), epoch: createId() }
  await typeUnsent(place, 'before')
  const { rescuer, read, restart, persist, state } = rescuerOf(place)
  rescuer.need('diverged')
  await rescuer.saveCopy()
  await typeUnsent(place, 'after')
  await rescuer.letGo()
  expect(state()).toEqual({ needed: 'diverged', copy: undefined, trouble: 'changed' })
  expect(restart).not.toHaveBeenCalled()
  expect((await persist.outbox()).size).toBe(2)

  await rescuer.saveCopy()
  expect(new Set((await read(1)).documents.map((d) => d.text))).toEqual(new Set(['after', 'before']))
  await rescuer.letGo()
  expect(restart).toHaveBeenCalledOnce()
})

test('[UI-50] what cannot wait is asked about first, and what can may be put off', async () => {
  const { rescuer, persist, state } = rescuerOf({ workspaceId: createId(), epoch: createId() })
  rescuer.need('old-epoch')
  rescuer.need('epoch-changed')
  expect(state().needed).toBe('epoch-changed')
  rescuer.postpone()
  expect(state().needed).toBe('epoch-changed')
  await persist.destroy()
})
