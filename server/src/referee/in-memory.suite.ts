import { Settings, createId, silentLog, type Id, type Role, type Task, type ToDaemon } from '@tandem/shared'
import { RequestBody, openOps, openTasks } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import * as Y from 'yjs'
import type { z } from 'zod'
import { createReferee, type RefereePorts } from './referee.ts'

/** A referee over documents in memory, with a clock of its own; `sent` and `audited` collect what it says. */
export function refereeForTest(settings: Partial<Settings> = {}) {
  const clock = fakeClock(1_000_000)
  const [tasksDoc, opsDoc] = [new Y.Doc(), new Y.Doc()]
  const ops = openOps(opsDoc)
  const tasks = openTasks(tasksDoc)
  const sent: { to: Id; message: ToDaemon }[] = []
  const audited: string[] = []
  const folded = new Set<Id>()
  const archived = new Map<Id, Task>()
  const daemonOwners = new Map<Id, Id>()
  const disk = { fails: false }
  const ports: RefereePorts = {
    tasks,
    archive: {
      add: (task) => archived.set(task.id, task),
      madeWith: (by, key) => [...archived.values()].find((t) => t.createdBy === by && t.idempotencyKey === key)?.id,
    },
    approvals: ops.approvals,
    answers: ops.answers,
    daemons: ops.daemons,
    commit: async (work) => {
      tasksDoc.transact(() => opsDoc.transact(work))
      if (disk.fails) throw new Error('the disk is full')
    },
    send: (to, message) => sent.push({ to, message }),
    clock,
    random: () => 0,
    log: silentLog,
    settings: Settings.parse(settings),
    workspaceId: createId(),
    audit: ({ action, object }) => audited.push(`${action} ${object}`),
    whyNotCreate: () => undefined,
    ownerOf: (id) => daemonOwners.get(id),
    folded,
  }
  const start = () => createReferee(ports)
  const asks = (referee: ReturnType<typeof start>, role: Role = 'runner') => {
    const by = { id: createId(), name: 'Mira', role }
    return {
      by,
      ask: async (body: z.input<typeof RequestBody>, id = createId()): Promise<Id> => {
        await referee.fold(by, new Map([[id, { v: 1 as const, body: RequestBody.parse(body), clientAt: 0 }]]))
        return id
      },
    }
  }
  return { ports, clock, tasks, ops, sent, audited, archived, daemonOwners, disk, start, asks }
}

/** The smallest task. */
export const runs = (command = 'ls', more: object = {}) => ({
  kind: 'create' as const,
  task: { title: command, payload: { kind: 'command' as const, command }, ...more },
})
