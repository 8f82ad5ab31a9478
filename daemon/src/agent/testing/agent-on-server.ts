import { dirname } from 'node:path'
import {
  ChangesAnswer,
  Checkpoint,
  createId,
  protocolVersion,
  readSettings,
  silentLog,
  systemClock,
  type Id,
} from '@tandem/shared'
import { draftDoc, openDaemon, openOps, openTaskLog, openTasks } from '@tandem/shared/docs'
import { drainingOf } from '../../draining.ts'
import { keepSayingHello, openChannel } from '../../link/hello.ts'
import { openReach } from '../../link/reach.ts'
import { Policy } from '../../sandbox/policy.ts'
import { openSessionFiles } from '../../session-files.ts'
import { openSessionLink } from '../../session-link.ts'
import { createExecute } from '../../tasks/execute.ts'
import { machineTime } from '../../tasks/machine-time.ts'
import { bashExecutor } from '../../tasks/run-bash.ts'
import { createTaskRunner } from '../../tasks/run-tasks.ts'
import { createVirtual } from '../../tasks/virtual.ts'
import { defaultLimits, type Limits } from '../loop/ports.ts'
import { createModels } from '../models/registry.ts'
import { ModelSettings } from '../models/settings.ts'
import type { AgentPorts } from '../run/ports.ts'
import { agentExecutor } from '../run/run-executor.ts'
import { defaultDeadlines } from '../step/deadlines.ts'

type Given = {
  server: string
  apiKey: string
  daemonId: Id
  /** Where the scripted models are. */
  models: string
  secret?: Uint8Array
  policy?: object
  limits?: Partial<Limits>
  extraTools?: AgentPorts['extraTools']
  /** Called before and after everything that reaches the world; what it throws ends what was about to be done. */
  point?: (what: 'saving' | 'saved' | 'executing' | 'executed') => void
}

/** For tests: a daemon without a folder that runs the agent at a real server. `kill` leaves it as a crash does. */
export async function agentOnServer(given: Given) {
  const { server, apiKey, daemonId, models: baseUrl, point = () => {}, extraTools } = given
  const { secret = new Uint8Array([1, 2, 3]) } = given
  const [clock, log] = [systemClock, silentLog]
  const settings = readSettings({ flags: { server, token: apiKey, shared: true } })
  const policy = Policy.parse(given.policy ?? {})
  const bootId = createId()
  const about = {
    ...{ v: 1 as const, id: daemonId, name: 'agent', bootId, version: '1', os: 'linux', arch: 'x64' },
    ...{ folder: dirname(import.meta.filename), slots: 3, capabilities: [] },
  }
  const stop = new AbortController()
  const real = await openReach({ server, tlsCa: undefined, insecure: false })
  let isDead = false
  const reach: typeof real = {
    ...real,
    fetch: async (...asked) => {
      if (isDead) throw new TypeError('the process is gone')
      return real.fetch(...asked)
    },
  }
  const link = await openSessionLink({ ...{ reach, about, apiKey, settings, clock, log }, fail: () => stop.abort() })
  const { documents, call } = link
  const open = async (doc: Parameters<typeof documents.attach>[0]) => {
    const attached = documents.attach(doc)
    await attached.synced(stop.signal)
    return attached
  }
  const self = await open({ kind: 'daemon', daemonId })
  const [index, tasksDoc, opsDoc] = await Promise.all([
    open({ kind: 'files' }),
    open({ kind: 'tasks', rotation: 0 }),
    open({ kind: 'ops' }),
  ])
  openDaemon(self.doc).set('about', about)
  const channel = openChannel(self, log)
  const [ops, tasks] = [openOps(opsDoc.doc), openTasks(tasksDoc.doc)]
  const { tree } = openSessionFiles({
    ...{ link, daemonId, self, channel, index, policy, settings, clock, log },
    hasOthers: () => false,
  })
  const policyNow = () => policy
  const virtual = createVirtual({
    project: { tree, barriers: { flush: async () => [], settle: async () => [] }, begin: () => () => {} },
    command: async () => ({ state: 'failed', result: { error: 'there are no programs here' } }),
    ...{ policyNow, clock },
  })
  const inner = createExecute({ bash: bashExecutor({ virtual, policyNow }) })
  const post = async (route: string, body: object, signal: AbortSignal) => {
    const headers = { 'content-type': 'application/json' }
    return (await call(route, { method: 'POST', body: JSON.stringify(body), headers, signal })).json()
  }
  const agent = agentExecutor({
    ...{ daemonId, bootId, tasks, tree, policyNow, secret, clock, log },
    attach: (ref) => {
      const attached = documents.attach(ref)
      return {
        ...attached,
        durable: async (signal) => {
          point('saving')
          await attached.durable(signal)
          point('saved')
        },
      }
    },
    approvals: ops.approvals,
    members: ops.members,
    whose: async (conversation, changes, signal) =>
      ChangesAnswer.parse(await post('/authors/changes', { doc: `chat/${conversation}`, changes }, signal)).changes,
    checkpoint: async (run, name, signal) =>
      Checkpoint.parse(await post('/checkpoints', { name, kind: 'run', run }, signal)).id,
    models: createModels({
      file: '/nowhere/models.json',
      settings: ModelSettings.parse({
        default: 'local:scripted',
        providers: { local: { kind: 'openai-compatible', baseUrl } },
      }),
      environment: {},
    }),
    execute: async (task, job) => {
      point('executing')
      const outcome = await inner(task, job)
      point('executed')
      return outcome
    },
    recordEgress: () => {},
    ...(extraTools && { extraTools }),
    limits: { ...defaultLimits, ...given.limits },
    deadlines: defaultDeadlines,
  })
  const runner = createTaskRunner({
    ...{ daemonId, capabilities: [], slots: 3, tasks, clock, log },
    approvals: ops.approvals,
    judge: () => ({ decision: 'run' }),
    execute: createExecute({ agent }),
    draining: drainingOf(ops.daemons, daemonId, new AbortController().signal),
    openLog: async () => ({
      log: openTaskLog(draftDoc()),
      spool: {
        write: () => {},
        room: () => undefined,
        close: async () => {},
        seal: async () => ({ bytes: 0, truncated: false, tail: '', segments: [] }),
      },
      durable: async () => {},
      close: () => {},
    }),
    barriers: { flush: async () => [], settle: async () => [] },
    begin: () => () => {},
    send: channel.send,
    mono: machineTime,
    watchdog: { watch: () => () => {}, putOff: () => {} },
  })
  channel.onMessage(runner.onMessage)
  const hello = () => ({
    ...{ t: 'hello' as const, protocol: protocolVersion, bootId, mono: machineTime(), slots: 3, capabilities: [] },
    ...{ running: runner.held(), lastGrantSeq: runner.lastGrantSeq() },
  })
  const saying = keepSayingHello({ attached: self, channel, hello, everyMs: 1_000, clock }, stop.signal)
  const running = runner.run(stop.signal)
  const end = async () => {
    await Promise.all([saying, running])
    virtual.close()
  }
  let ending: Promise<void> | undefined
  const leave = async (isKilled: boolean) => {
    isDead = isKilled
    const left = isKilled ? link.close(false) : undefined
    stop.abort()
    await end()
    await (left ?? link.close(false))
    await reach.close()
  }
  return {
    tasks,
    /** Nothing more of it reaches the server from here on. */
    kill: () => (ending ??= leave(true)),
    close: () => (ending ??= leave(false)),
  }
}
