import {
  Settings,
  createId,
  isHeld,
  isTerminal,
  silentLog,
  type Id,
  type Role,
  type Task,
  type ToDaemon,
} from '@tandem/shared'
import { RequestBody, openOps, openTasks } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import * as Y from 'yjs'
import type { z } from 'zod'
import { createReferee, type RefereePorts } from './referee.ts'

/** A referee over documents in memory, with a clock of its own; `sent`, `audited` and `refused` collect what it says. */
export function refereeForTest(settings: Partial<Settings> = {}) {
  const clock = fakeClock(1_000_000)
  const [tasksDoc, opsDoc] = [new Y.Doc(), new Y.Doc()]
  const ops = openOps(opsDoc)
  const tasks = openTasks(tasksDoc)
  const sent: { to: Id; message: ToDaemon }[] = []
  const audited: string[] = []
  const refused = new Map<Id, string>()
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
    mono: clock.now,
    random: () => 0,
    log: silentLog,
    settings: Settings.parse(settings),
    workspaceId: createId(),
    audit: ({ action, object, details }) => {
      audited.push(`${action} ${object}`)
      if (action.endsWith('.refused')) refused.set(object, (details as { reason: string }).reason)
    },
    whyNotCreate: () => undefined,
    ownerOf: (id) => daemonOwners.get(id),
    folded,
  }
  const start = () => createReferee(ports)
  const asks = (referee: ReturnType<typeof start>, role: Role = 'runner') => {
    const by = { id: createId(), name: 'Mira', role }
    const askAll = (asked: readonly (readonly [Id, z.input<typeof RequestBody>])[]) =>
      referee.fold(
        by,
        new Map(asked.map(([id, body]) => [id, { v: 1 as const, body: RequestBody.parse(body), clientAt: 0 }])),
      )
    return {
      by,
      askAll,
      ask: async (body: z.input<typeof RequestBody>, id = createId()): Promise<Id> => {
        await askAll([[id, body]])
        return id
      },
    }
  }
  return { ports, clock, tasks, ops, sent, audited, refused, archived, daemonOwners, disk, start, asks }
}

/** The smallest task. */
export const runs = (command = 'ls', more: object = {}) => ({
  kind: 'create' as const,
  task: { title: command, payload: { kind: 'command' as const, command }, ...more },
})

/** A record in that state. */
export function taskOf(state: Task['state'], more: Partial<Task> = {}): Task {
  const [id, somebody] = [createId(), createId()]
  const hasRun = isHeld(state) || isTerminal(state)
  return {
    ...{ v: 1, id, workspaceId: createId(), title: 't', executor: 'daemon', priority: 0, requires: [], onLost: 'keep' },
    payload: { kind: 'command', command: 'ls', args: [], cwd: '', shell: false },
    state,
    attempt: hasRun ? 1 : 0,
    attempts: hasRun ? [{ n: 1, daemonId: somebody }] : [],
    createdBy: somebody,
    createdByName: 'Mira',
    createdAt: 1,
    ...more,
  }
}
