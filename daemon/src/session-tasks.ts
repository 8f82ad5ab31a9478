import { protocolVersion } from '@tandem/shared'
import { openTasks, type Daemon, type DaemonAbout, type Ops } from '@tandem/shared/docs'
import { keepSayingHello, type Channel } from './link/hello.ts'
import type { Attached } from './link/documents.ts'
import type { Writers } from './link/writers.ts'
import type { Mirror } from './mirror/mirror.ts'
import { drainingOf } from './draining.ts'
import type { SessionLink } from './session-link.ts'
import type { SessionOptions } from './session.ts'
import { openTaskOutputs } from './task-outputs.ts'
import type { Gate } from './tasks/gate.ts'
import { machineTime } from './tasks/machine-time.ts'
import { createTaskRunner } from './tasks/run-tasks.ts'
import { createWatchdog } from './tasks/watchdog.ts'
import type { Together } from './together.ts'

type TasksOptions = Pick<SessionOptions, 'folder' | 'dataDir' | 'policy' | 'settings' | 'drain' | 'clock' | 'log'> & {
  about: DaemonAbout
  link: SessionLink
  /** The daemon's own document, what it says in it, and the channel on it. */
  self: Attached
  daemon: Pick<Daemon, 'set'>
  channel: Channel
  tasksDoc: Attached
  ops: Pick<Ops, 'daemons' | 'approvals'>
  mirror: Mirror
  writers: Writers
  gate: Promise<Gate>
  together: Together
}

/** Runs the tasks of a session and says hello for it. The function returned ends what is said when it stops. */
export async function startSessionTasks(
  {
    folder,
    dataDir,
    policy,
    settings,
    drain,
    clock,
    log,
    about,
    link,
    self,
    daemon,
    channel,
    tasksDoc,
    ops,
    mirror,
    writers,
    gate: opening,
    together,
  }: TasksOptions,
  stopping: AbortSignal,
): Promise<() => void> {
  const tasks = openTasks(tasksDoc.doc)
  const { documents, call } = link
  const outputs = await openTaskOutputs(
    {
      folder,
      dataDir,
      daemonId: about.id,
      documents,
      tasks,
      call,
      send: channel.send,
      maxBlobBytes: settings.maxBlobBytes,
      hide: policy.sandbox.hide,
      clock,
      log,
    },
    stopping,
  )
  together.add(outputs.run(stopping))
  const gate = await opening
  daemon.set('sandbox', gate.state)
  const capabilities = [...about.capabilities, ...gate.capabilities]
  daemon.set('about', { ...about, capabilities })
  const watchdog = createWatchdog(log)
  const { usesFolder } = gate
  const runner = createTaskRunner({
    daemonId: about.id,
    capabilities,
    slots: settings.slots,
    draining: drainingOf(ops.daemons, about.id, drain),
    tasks,
    approvals: ops.approvals,
    judge: gate.judge,
    execute: gate.execute,
    openLog: outputs.openLog,
    artifacts: outputs.artifacts,
    keep: outputs.keep,
    barriers: {
      flush: async (task) => (usesFolder(task) ? mirror.flush() : []),
      settle: async (task) => (usesFolder(task) ? mirror.settle() : []),
    },
    begin: (task) => (usesFolder(task) ? writers.begin(task.id) : () => {}),
    send: channel.send,
    mono: machineTime,
    watchdog,
    clock,
    log,
  })
  channel.onMessage(runner.onMessage)
  const hello = () => ({
    t: 'hello' as const,
    protocol: protocolVersion,
    bootId: about.bootId,
    mono: machineTime(),
    // With none it is given nothing; also while it stops.
    slots: drain.aborted || stopping.aborted ? 0 : settings.slots,
    capabilities,
    sandbox: gate.state.tier,
    running: runner.held(),
    lastGrantSeq: runner.lastGrantSeq(),
  })
  channel.onMessage(({ t }) => {
    // Asked now and then [S46]: whoever reads this document sees what is so now.
    if (t === 'status-request') {
      daemon.set('about', { ...about, capabilities })
      channel.send(hello())
    }
  })
  const sayHello = () => {
    if (self.isSynced()) channel.send(hello())
  }
  for (const signal of [drain, stopping]) signal.addEventListener('abort', sayHello, { once: true })
  together.add(keepSayingHello({ attached: self, channel, hello, everyMs: settings.helloMs, clock }, stopping))
  together.add(runner.run(stopping).finally(watchdog.close))
  return () => {
    for (const signal of [drain, stopping]) signal.removeEventListener('abort', sayHello)
  }
}
