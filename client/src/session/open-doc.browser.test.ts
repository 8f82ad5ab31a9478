import { createId, docPath, silentLog } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import { databaseName, openPersist } from './persist.ts'
import { sessionForTest } from './test-session.ts'

test('[UI-201] a file that came from the server is kept on the device, an output of a task is not', async () => {
  const ending = new AbortController()
  const session = sessionForTest({ signal: ending.signal })
  const persist = openPersist(databaseName(session.place.workspaceId, session.place.epoch), silentLog)
  onTestFinished(async () => {
    ending.abort()
    await persist.destroy()
  })
  const refs = [
    { kind: 'log', taskId: createId(), attempt: 1 },
    { kind: 'file', fileId: createId() },
  ] as const
  const from = new Y.Doc()
  from.getText('content').insert(0, 'a row\n')
  for (const ref of refs) {
    const { doc, provider } = session.open(ref)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(from), provider)
  }
  // Kept in the order in which they came: once the second is there, the first would be.
  await expect.poll(() => persist.load(docPath(refs[1]))).toBeDefined()
  expect(await persist.load(docPath(refs[0]))).toBeUndefined()
})
