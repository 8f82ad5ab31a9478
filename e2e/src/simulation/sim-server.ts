import {
  createId,
  silentLog,
  Settings,
  type FromDaemon,
  type HoldsLease,
  type Id,
  type Task,
  type ToDaemon,
} from '@tandem/shared'
import { openOps, openTasks, type Ops, type Records, type Request } from '@tandem/shared/docs'
import { createReferee, type Referee, type RefereePorts, type Requester } from '@tandem/server/referee'
import * as Y from 'yjs'
import { createLife, type Life, type World } from './world.ts'

export const settings = Settings.parse({ tasksPerMinute: 10_000, maxRunning: 32 })
export type Audited = { actor: Id; action: string; object: string; details?: unknown }

/** What is on the server's disk: what a start finds. */
type Disk = { tasks: Y.Doc; ops: Y.Doc; folded: Set<Id>; archived: Map<Id, Task>; audited: Audited[] }

/** One life of the server's process. */
export type ServerLife = {
  life: Life
  tasks: Records<Task>
  ops: Ops
  docs: Readonly<Record<'tasks' | 'ops', Y.Doc>>
  hears(daemon: Id, message: FromDaemon): void
  comes(daemon: Id, name: string): void
  goes(daemon: Id): void
  /** Resolves once it is decided; never where the process dies before. */
  fold(by: Requester, requests: ReadonlyMap<string, Request>): Promise<Id[]>
  holdsLease: HoldsLease
}

export type SimServer = {
  /** Undefined while there is no process. */
  now(): ServerLife | undefined
  start(): void
  /** Calls once, when next something is on its way to the disk, and nobody has been told of it. */
  atNextCommit(call: () => void): void
  /** Kills it outright, with whatever it was about. */
  kill(): void
  /** While it fails nothing is written, and what was made is kept for later. */
  setDiskFailing(fails: boolean): void
  diskFails(): boolean
  /** What is on its disk, whether it runs or not. */
  kept: { tasks: Records<Task>; ops: Ops; audited: readonly Audited[] }
}

type Options = {
  world: World
  send(daemon: Id, message: ToDaemon): void
  /** A change of a document, for all who have it open; it is told of before it is on disk, as the real one does. */
  changed(doc: 'tasks' | 'ops', update: Uint8Array): void
  onStart(server: ServerLife): void
  ownerOf: RefereePorts['ownerOf']
}

/** The real referee over documents in memory and a disk that is slow, fails, and keeps of a batch all or nothing. */
export function createSimServer({ world, send, changed, onStart, ownerOf }: Options): SimServer {
  const disk: Disk = { tasks: new Y.Doc(), ops: new Y.Doc(), folded: new Set(), archived: new Map(), audited: [] }
  const workspaceId = createId()
  let current: (ServerLife & { stop: AbortController; crash(): void; mend(): void }) | undefined
  let diskFails = false
  const commitCalls: (() => void)[] = []
  let lives = 0

  const start = () => {
    const life = createLife(world)
    const docs = { tasks: copyOf(disk.tasks), ops: copyOf(disk.ops) }
    // As the real one does (pens): each process writes with an id of its own, a later one with a higher one.
    for (const doc of Object.values(docs)) doc.clientID = 1_000 + lives
    lives++
    type Batch = { writes: (() => void)[]; done: () => void; fail: (e: Error) => void }
    let batch: Batch = { writes: [], done: () => {}, fail: () => {} }
    const flying: Batch[] = []
    for (const name of ['tasks', 'ops'] as const)
      docs[name].on('update', (update: Uint8Array) => {
        batch.writes.push(() => Y.applyUpdate(disk[name], update))
        changed(name, update)
      })
    const folded = new Set(disk.folded)
    const archived = new Map(disk.archived)
    const flush = (one: Batch) => {
      // Written with what came after a failure, perhaps.
      if (!flying.includes(one)) return one.done()
      if (diskFails) return one.fail(new Error('the disk is full'))
      // In the order in which they were made.
      for (const each of flying.splice(0, flying.indexOf(one) + 1)) for (const write of each.writes) write()
      one.done()
    }
    const ops = openOps(docs.ops)
    const tasks = openTasks(docs.tasks)
    const referee: Referee = createReferee({
      tasks,
      archive: {
        add: (task) => {
          archived.set(task.id, task)
          batch.writes.push(() => disk.archived.set(task.id, task))
        },
        madeWith: (by, key) => [...archived.values()].find((t) => t.createdBy === by && t.idempotencyKey === key)?.id,
      },
      approvals: ops.approvals,
      answers: ops.answers,
      daemons: ops.daemons,
      commit: (work) =>
        new Promise<void>((done, fail) => {
          if (life.isDead()) return
          if (diskFails) return fail(new Error('the disk is full'))
          const mine: Batch = { writes: [], done, fail }
          batch = mine
          docs.tasks.transact(() => docs.ops.transact(work))
          flying.push(mine)
          const calls = commitCalls.splice(0)
          for (const call of calls) call()
          const diskMs = world.random() < 0.02 ? world.between(100, 4_000) : world.between(0.5, 8)
          world.after(diskMs, () => life.run(() => flush(mine)))
        }),
      send: (daemon, message) => {
        if (!life.isDead()) send(daemon, message)
      },
      clock: life.clock,
      mono: world.now,
      random: world.random,
      log: silentLog,
      settings,
      workspaceId,
      audit: ({ actor, action, object, details }) => {
        batch.writes.push(() => disk.audited.push({ actor, action, object, details }))
      },
      whyNotCreate: () => undefined,
      ownerOf,
      folded: {
        has: (id) => folded.has(id),
        add: (id) => {
          folded.add(id)
          batch.writes.push(() => disk.folded.add(id))
        },
      },
    })
    const stop = new AbortController()
    const quietly = (work: Promise<unknown>) => void work.catch(() => {}) // the store fails: who asked asks again
    void referee.run(stop.signal)
    current = {
      life,
      tasks,
      ops,
      docs,
      stop,
      crash: () => {
        // Of what was on its way to the disk some may have arrived, though nobody was told.
        const arrived = diskFails ? 0 : Math.floor(world.random() * (flying.length + 1))
        for (const each of flying.slice(0, arrived)) for (const write of each.writes) write()
      },
      mend: () => {
        for (const each of flying.splice(0)) for (const write of each.writes) write()
      },
      hears: (daemon, message) => quietly(referee.onMessage(daemon, message)),
      comes: (daemon, name) => quietly(referee.onConnected(daemon, name)),
      goes: (daemon) => quietly(referee.onGone(daemon)),
      fold: referee.fold,
      holdsLease: referee.holdsLease,
    }
    onStart(current)
  }
  return {
    now: () => current,
    start: () => {
      if (!current) start()
    },
    atNextCommit: (call) => commitCalls.push(call),
    kill: () => {
      if (!current) return
      current.crash()
      current.life.die()
      current.stop.abort()
      current = undefined
    },
    setDiskFailing: (fails) => {
      diskFails = fails
      if (!fails) current?.mend()
    },
    diskFails: () => diskFails,
    kept: { tasks: openTasks(disk.tasks), ops: openOps(disk.ops), audited: disk.audited },
  }
}

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}
