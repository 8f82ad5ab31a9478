import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { createId } from '../base/ids.ts'
import type { Task } from '../protocol/task.ts'
import { openDaemon } from './daemon.ts'
import { openFile } from './file.ts'
import { openFiles } from './files.ts'
import { openRequests } from './requests.ts'
import { openTaskLog, windowBytes, type LogChunk } from './task-log.ts'
import { openTasks } from './tasks.ts'
import { when } from './view.ts'

const by = createId()

test('[UI-1] a snapshot is the same object until something changes, and watchers wake once per change', () => {
  const doc = new Y.Doc()
  const files = openFiles(doc)
  const before = files.snapshot()
  expect(files.snapshot()).toBe(before)
  const wake = vi.fn<() => void>()
  const stop = files.subscribe(wake)
  files.create('a.ts', 'text')
  expect(wake).toHaveBeenCalledOnce()
  expect(files.snapshot()).not.toBe(before)
  stop()
  files.create('b.ts', 'text')
  expect(wake).toHaveBeenCalledOnce()
})

test('[MIR-28] a move keeps the id, and facts set meanwhile elsewhere do not undo it', () => {
  const left = new Y.Doc()
  const right = new Y.Doc()
  const [a, b] = [openFiles(left), openFiles(right)]
  const id = a.create('a.ts', 'text')
  Y.applyUpdate(right, Y.encodeStateAsUpdate(left))
  a.move(id, 'b.ts')
  b.setFacts(id, { size: 7, exec: false, eol: 'lf', bom: false })
  Y.applyUpdate(right, Y.encodeStateAsUpdate(left))
  Y.applyUpdate(left, Y.encodeStateAsUpdate(right))
  expect(a.snapshot()).toEqual(b.snapshot())
  expect(a.get(id)).toMatchObject({ path: 'b.ts', facts: { size: 7 } })
})

test('[MIR-51] an entry whose path leads outside, or into .git, is shown to nobody and kept as it is', () => {
  const doc = new Y.Doc()
  const files = openFiles(doc)
  const tree = doc.getMap('tree')
  for (const path of ['../x', '.git/hooks/x', '/etc/passwd', 7]) tree.set(createId(), { path, kind: 'text' })
  files.create('ok.ts', 'text')
  expect([...files.snapshot().byPath.keys()]).toEqual(['ok.ts'])
  expect(tree.size).toBe(5)
})

test('[MIR-26] where two entries claim one path, every replica shows the lower id', () => {
  const files = openFiles(new Y.Doc())
  const [low, high] = [createId(), createId()].toSorted() as [string, string]
  files.create('a.ts', 'text', undefined, high)
  files.create('a.ts', 'text', undefined, low)
  expect(files.snapshot().byPath.get('a.ts')?.id).toBe(low)
  files.remove(low, { by, at: 1 })
  expect(files.snapshot().byPath.get('a.ts')?.id).toBe(high)
  files.restore(low)
  expect(files.snapshot().byPath.get('a.ts')?.id).toBe(low)
})

test('edits are in coordinates of the text as it stands, and one transaction', () => {
  const doc = new Y.Doc()
  const file = openFile(doc)
  file.edit([{ at: 0, del: 0, ins: 'one two three' }], 'test')
  const updates = vi.fn<() => void>()
  doc.on('update', updates)
  file.edit(
    [
      { at: 0, del: 3, ins: '1' },
      { at: 4, del: 3, ins: '22' },
      { at: 13, del: 0, ins: '!' },
    ],
    'test',
  )
  expect(file.snapshot()).toBe('1 22 three!')
  expect(updates).toHaveBeenCalledOnce()
})

test('[TSK-5] a request keeps its id and body, and a foreign shape is not shown', () => {
  const doc = new Y.Doc()
  const requests = openRequests(doc)
  const id = requests.ask({ kind: 'create', task: { title: 'ls', payload: { kind: 'command', command: 'ls' } } })
  doc.getMap('requests').set(createId(), { body: { kind: 'rule the world' } })
  expect([...requests.snapshot().keys()]).toEqual([id])
  requests.drop([id])
  expect(requests.snapshot().size).toBe(0)
})

test('[UI-200] of requests that were refused the newest keep why, until somebody has seen it', () => {
  const requests = openRequests(new Y.Doc())
  const refuse = (at: number) => {
    const id = requests.ask({ kind: 'cancel', task: by })
    requests.drop([id], new Map([[id, `for reason ${at}`]]), at)
    return id
  }
  const first = refuse(1)
  expect(requests.refusals.snapshot().get(first)).toEqual({
    id: first,
    kind: 'cancel',
    reason: 'for reason 1',
    at: 1,
    body: { kind: 'cancel', task: by, force: false },
  })
  expect(requests.isEmpty()).toBe(true)
  for (let at = 2; at <= 51; at++) refuse(at)
  const kept = [...requests.refusals.snapshot().values()]
  expect([kept.length, Math.min(...kept.map(({ at }) => at))]).toEqual([50, 2])
  requests.dismiss(kept.map(({ id }) => id))
  expect(requests.refusals.snapshot().size).toBe(0)
})

test('[S80] a task record of a newer or hostile peer is skipped, not deleted', () => {
  const doc = new Y.Doc()
  const tasks = openTasks(doc)
  doc.getMap('tasks').set('x', { v: 99 } as unknown as Task)
  expect(tasks.snapshot().size).toBe(0)
  expect(tasks.unreadable()).toEqual(['x'])
})

test('[TSK-31] the log keeps a rolling window of whole chunks with their numbers', () => {
  const log = openTaskLog(new Y.Doc())
  const chunk = (q: number): LogChunk => ({ q, o: q * 16_384, t: q, s: 1, d: new Uint8Array(16_384) })
  for (let q = 0; q < 200; q++) log.append([chunk(q)])
  const kept = log.snapshot()
  expect(kept.at(-1)?.q).toBe(199)
  expect(kept.reduce((n, c) => n + c.d.length, 0)).toBeLessThanOrEqual(windowBytes)
  expect(kept.map((c) => c.q)).toEqual(kept.map((_, i) => (kept[0]?.q ?? 0) + i))
})

test('[S20] a daemon that says the same again adds nothing to its document', () => {
  const doc = new Y.Doc()
  const daemon = openDaemon(doc)
  daemon.set('workspaceStatus', 'syncing')
  const update = vi.fn<() => void>()
  doc.on('update', update)
  daemon.set('workspaceStatus', 'syncing')
  expect(update).not.toHaveBeenCalled()
  daemon.set('workspaceStatus', 'connected')
  expect(daemon.snapshot().workspaceStatus).toBe('connected')
})

test('when() resolves with the first value that fits and leaves no watcher behind', async () => {
  const daemon = openDaemon(new Y.Doc())
  const connected = when(daemon, (d) => d.workspaceStatus === 'connected')
  daemon.set('workspaceStatus', 'syncing')
  daemon.set('workspaceStatus', 'connected')
  await expect(connected).resolves.toBe(true)
})
