import { createId, silentLog } from '@tandem/shared'
import { openFile, openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { databaseName, openPersist } from './persist.ts'
import { collectRescue, leftBehind, oldEpochs } from './rescue.ts'

/** A device that has the file `notes.md` of a workspace, with an edit that never reached the server. */
async function deviceWithUnsentEdit(place: { workspaceId: string; epoch: string }) {
  const persist = openPersist(databaseName(place.workspaceId, place.epoch), silentLog)
  const index = new Y.Doc()
  const fileId = openFiles(index).create('notes.md', 'text')
  persist.keep('files', Y.encodeStateAsUpdate(index))
  const file = new Y.Doc()
  openFile(file).text.insert(0, 'never sent')
  await persist.keepOwn(`file/${fileId}`, Y.encodeStateAsUpdate(file))
  return persist
}

test('[UI-49] what the server cannot take is saved with its path and its text', async () => {
  const place = { workspaceId: createId(), epoch: createId() }
  const persist = await deviceWithUnsentEdit(place)
  const rescue = await collectRescue(place.epoch, persist)
  expect(rescue.documents).toMatchObject([{ epoch: place.epoch, path: 'notes.md', text: 'never sent' }])
  await persist.destroy()
})

test('[UI-49] what could not even be kept on this device is taken from the open document', async () => {
  const persist = openPersist(databaseName(createId(), createId()), silentLog)
  const open = new Y.Doc()
  openFile(open).text.insert(0, 'only in this tab')
  const name = `file/${createId()}`
  const { documents } = await collectRescue(createId(), persist, {
    names: () => [name],
    get: (wanted) => (wanted === name ? open : undefined),
  })
  expect(documents).toMatchObject([{ doc: name, text: 'only in this tab' }])
  await persist.destroy()
})

test('[UI-49] an earlier epoch is asked about only where it holds unsent edits, else cleared away', async () => {
  const now = { workspaceId: createId(), epoch: createId() }
  const unsent = await deviceWithUnsentEdit({ ...now, epoch: createId() })
  expect(await leftBehind(now, silentLog)).toBe(true)
  await unsent.destroy()

  const clean = openPersist(databaseName(now.workspaceId, createId()), silentLog)
  clean.keep('files', Y.encodeStateAsUpdate(new Y.Doc()))
  await clean.load('files')
  clean.close()
  expect(await leftBehind(now, silentLog)).toBe(false)
  await expect.poll(() => oldEpochs(now)).toEqual([])
})
