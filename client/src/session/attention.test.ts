import { createId } from '@tandem/shared'
import { MirrorState, openDaemon, openFiles, openOps, openRequests, type DaemonPresence } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { attentionOf, fileOf } from './attention.ts'
import { openMirrors, type Mirror } from './mirrors.ts'

const mirror = (name: string, state: object, isHere = true): Mirror => ({
  id: createId(),
  name,
  isHere,
  state: MirrorState.parse({ phase: 'live', ...state }),
})
const conflict = (at: number) => ({ id: createId(), kind: 'lines', path: 'a.txt', at, record: 'r', sides: {} })
const question = { id: createId(), kind: 'deletions', count: 43, total: 60, examples: [], at: 1 }
const alert = { kind: 'unwritable', says: 'full', at: 1 }
const none = new Map<string, never>()

test('[UI-130] what needs a look is told of all machines, the newest conflict first', () => {
  const mirrors = [
    mirror('laptop', { conflicts: [conflict(1)], alerts: [alert] }),
    mirror('desk', { conflicts: [conflict(2)], alerts: [alert] }, false),
  ]
  const { conflicts, alerts } = attentionOf(mirrors, none, none)
  expect(conflicts.map((c) => c.on.name)).toEqual(['desk', 'laptop'])
  // What a machine that is away said of its disk may be over.
  expect(alerts.map((a) => a.on.name)).toEqual(['laptop'])
})

test('[UI-131] a conflict that somebody settled, here or elsewhere, is shown no more', () => {
  const [here, elsewhere, open] = [conflict(1), conflict(2), conflict(3)]
  const on = mirror('laptop', { conflicts: [here, elsewhere, open] })
  const answer = { id: elsewhere.id, daemon: on.id, answer: 'dismiss', by: createId(), byName: 'Ben', at: 1 } as const
  const requests = openRequests(new Y.Doc())
  requests.ask({ kind: 'answer', daemon: on.id, question: here.id, answer: 'dismiss' })
  const { conflicts } = attentionOf([on], new Map([[elsewhere.id, answer]]), requests.snapshot())
  expect(conflicts.map((c) => c.id)).toEqual([open.id])
})

test('[UI-133] a question comes with its answer, also from a machine that is away', () => {
  const [here, away] = [mirror('laptop', { phase: 'halted', question }), mirror('desk', { question }, false)]
  const answer = { id: question.id, daemon: here.id, answer: 'restore', by: createId(), byName: 'Ben', at: 1 } as const
  const { halted } = attentionOf([here, away], new Map([[question.id, answer]]), none)
  expect(halted.map((h) => [h.on.name, h.question?.count, h.answer?.byName])).toEqual([
    ['laptop', 43, 'Ben'],
    ['desk', 43, 'Ben'],
  ])
  expect(attentionOf([mirror('desk', { phase: 'halted', reason: 'gone' }, false)], none, none).halted).toEqual([])
})

test('[UI-131] a conflict is its file’s wherever that moved, and its path’s once that file is gone', () => {
  const files = openFiles(new Y.Doc())
  const [moved, gone, other] = ['a.txt', 'b.txt', 'c.txt'].map((path) => files.create(path, 'text')) as [
    string,
    string,
    string,
  ]
  files.move(moved, 'sub/a.txt')
  files.remove(gone, { by: createId(), at: 1 })
  const at = (file: string | undefined, path: string) =>
    fileOf({ ...conflict(1), kind: 'lines', ...(file !== undefined && { file }), path }, files.snapshot())?.id
  expect(at(moved, 'a.txt')).toBe(moved)
  expect(at(gone, 'b.txt')).toBeUndefined()
  expect(at(gone, 'c.txt')).toBe(other)
  expect(at(undefined, 'c.txt')).toBe(other)
})

test('[UI-130] a machine that appears is opened, and what it says wakes', async () => {
  const [opsDoc, daemonDoc] = [new Y.Doc(), new Y.Doc()]
  const ops = openOps(opsDoc)
  const presence: DaemonPresence = { id: createId(), name: 'laptop', connection: 'online', lastSeenAt: 1 }
  const mirrors = openMirrors({ ops, open: () => ({ doc: daemonDoc }) as never })
  let woken = 0
  mirrors.subscribe(() => woken++)
  expect(mirrors.snapshot()).toEqual([])
  ops.daemons.set(presence.id, presence)
  await Promise.resolve()
  openDaemon(daemonDoc).set('mirror', MirrorState.parse({ phase: 'scanning' }))
  expect(mirrors.snapshot().map((m) => m.state?.phase)).toEqual(['scanning'])
  expect(woken).toBe(2)
  ops.daemons.set(presence.id, { ...presence, name: 'desk\u202e' })
  await Promise.resolve()
  expect(mirrors.snapshot().map((m) => m.name)).toEqual(['desk⟨U+202E⟩'])
})
