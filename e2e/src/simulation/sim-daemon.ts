import { keepSayingHello } from '@tandem/daemon/hello'
import { judge } from '@tandem/daemon/judge'
import { Policy } from '@tandem/daemon/policy-rules'
import { createTaskRunner, type TaskRunner, type TaskRunnerPorts } from '@tandem/daemon/run-tasks'
import { createWatched, type Watched } from '@tandem/daemon/watched'
import { createId, protocolVersion, silentLog, type FromDaemon, type Id, type ToDaemon } from '@tandem/shared'
import { openOps, openTasks, openTaskLog } from '@tandem/shared/docs'
import * as Y from 'yjs'
import { createProcesses, type Processes } from './processes.ts'
import { settings } from './sim-server.ts'
import { createLife, type Life, type World } from './world.ts'

/** What the titles of `drawTask` stand for. */
const policy = Policy.parse({ commands: { allow: ['x *'], ask: ['asks *'], deny: ['denied *'] } })

/** One boot of a daemon: a runner of its own, with copies of the documents. */
export type Boot = {
  id: Id
  life: Life
  docs: Readonly<Record<'tasks' | 'ops', Y.Doc>>
  runner: TaskRunner
  hears(message: ToDaemon): void
  /** The connection carries the daemon's own document, or does no more: it then says hello. */
  setSynced(is: boolean): void
  /** It is on its way out. */
  isStopping(): boolean
  /** Ends cleanly; resolves once nothing of it runs. */
  stop(): Promise<void>
}

type Attached = Parameters<typeof keepSayingHello>[0]['attached']

export type Machine = {
  id: Id
  name: string
  slots: number
  capabilities: readonly string[]
  processes: Processes
  boot(): Boot | undefined
  start(): void
  /** Kills the daemon; its commands end with it. */
  kill(): void
  /** A closed lid: neither daemon nor commands nor watchdog go on, but time does. */
  sleep(): void
  wake(): void
}

type Options = Pick<Machine, 'name' | 'slots' | 'capabilities'> & {
  world: World
  send(boot: Boot, message: FromDaemon): void
  /** It takes up what it was told. */
  onHears(boot: Boot, message: ToDaemon): void
  onProcess: Parameters<typeof createProcesses>[1]['onStart']
}

/** A machine with the real task runner on it, and commands that the simulation makes up. */
export function createMachine(options: Options): Machine {
  const { world, name, slots, capabilities, send, onHears } = options
  const id = createId()
  const bornAt = world.between(0, 1e9)
  const time = () => world.now() + bornAt
  const processes = createProcesses(world, { onStart: options.onProcess })
  let boot: Boot | undefined
  let watched: Watched | undefined

  const start = () => {
    if (boot) return
    const life = createLife(world)
    const docs = { tasks: new Y.Doc(), ops: new Y.Doc() }
    const ops = openOps(docs.ops)
    const mine = createWatched(processes.kill)
    watched = mine
    const look = () => {
      if (watched !== mine) return
      if (!processes.areFrozen()) mine.look(time())
      world.after(500, look)
    }
    world.after(500, look)
    const rules = () => ({ policy, bootId: self.id })
    const summary = { bytes: 0, truncated: false, tail: '' }
    const spool = { write: () => {}, room: () => undefined, close: async () => {}, seal: async () => summary }
    const runner = createTaskRunner({
      daemonId: id,
      capabilities,
      slots,
      tasks: openTasks(docs.tasks),
      approvals: ops.approvals,
      judge: (task, given) => judge(task, given, rules()),
      execute: (task, job) => processes.execute({ task, job, life, machine: name, boot: self.id }),
      openLog: async () => {
        if (world.random() < 0.02) throw new Error('the log could not be opened')
        return { log: openTaskLog(new Y.Doc()), spool, durable: async () => {}, close: () => {} }
      },
      draining: { snapshot: () => ops.daemons.get(id)?.draining ?? false, subscribe: ops.daemons.subscribe },
      begin: () => () => {},
      barriers: { flush: () => late(0.1, 30_000), settle: () => late(0.1, 10_000) },
      send: (message) => {
        if (!life.isDead()) send(self, message)
      },
      mono: time,
      watchdog: {
        watch: (pid, endsAt) => {
          mine.add(pid, endsAt)
          return () => mine.remove(pid)
        },
        putOff: mine.putOff,
      },
      clock: life.clock,
      log: silentLog,
    } as TaskRunnerPorts)
    /** Mostly at once, and now and then after a while. */
    const late = (chance: number, ms: number) =>
      new Promise<readonly string[]>((done) =>
        life.clock.after(world.random() < chance ? world.random() * ms : world.random() * 10, () => done([])),
      )
    let synced = false
    let changed = () => {}
    const hello = (): FromDaemon => ({
      t: 'hello',
      protocol: protocolVersion,
      bootId: self.id,
      mono: time(),
      slots,
      capabilities: [...capabilities],
      running: runner.held(),
      lastGrantSeq: runner.lastGrantSeq(),
    })
    const stopping = new AbortController()
    const say = (message: FromDaemon) => void (life.isDead() || send(self, message))
    const self: Boot = {
      id: createId(),
      life,
      docs,
      runner,
      hears: (message) => {
        onHears(self, message)
        runner.onMessage(message)
        if (message.t === 'status-request') say(hello())
      },
      setSynced: (is) => {
        synced = is
        changed()
      },
      isStopping: () => stopping.signal.aborted,
      stop: async () => {
        stopping.abort(new Error('stopped'))
        await running
        life.die()
        if (boot === self) boot = undefined
      },
    }
    boot = self
    const attached: Partial<Attached> = {
      isSynced: () => synced,
      onState: (call: () => void) => {
        changed = call
        return () => (changed = () => {})
      },
    }
    const channel = { send: say, onMessage: () => () => {} }
    void keepSayingHello(
      { attached: attached as Attached, channel, hello, everyMs: settings.helloMs, clock: life.clock },
      stopping.signal,
    )
    const running = runner.run(stopping.signal)
  }
  return {
    id,
    name,
    slots,
    capabilities,
    processes,
    boot: () => boot,
    start,
    kill: () => {
      boot?.life.die()
      boot = undefined
      watched = undefined
      processes.endAll()
    },
    sleep: () => {
      boot?.life.pause()
      processes.freeze()
    },
    wake: () => {
      watched?.look(time())
      processes.thaw()
      boot?.life.resume()
    },
  }
}
