import { createId, silentLog, type FromDaemon, type Id, type Task, type ToDaemon } from '@tandem/shared'
import { openOps, openTasks, openTaskLog } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { createExecute, type Executor, type Job, type Outcome } from './execute.ts'
import type { AttemptPorts } from './attempt.ts'
import { drainingOf } from '../draining.ts'
import type { Judgement } from './judge.ts'
import { createTaskRunner } from './run-tasks.ts'

type Said<T extends FromDaemon['t']> = Extract<FromDaemon, { t: T }>
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A runner whose processes end when the test says so, and a referee that is the test itself. */
function setUp({
  slots = 3,
  judgement = { decision: 'run' } as Judgement,
  flush = async (): Promise<readonly string[]> => [],
  settle = async (): Promise<readonly string[]> => [],
  artifacts = undefined as AttemptPorts['artifacts'],
  /** Its processes do not heed that they are to end. */
  deaf = false,
} = {}) {
  const clock = fakeClock(1_000)
  let [setBackMs, hungMs] = [0, 0]
  const [tasksDoc, opsDoc, logDoc] = [new Y.Doc(), new Y.Doc(), new Y.Doc()]
  const tasks = openTasks(tasksDoc)
  const { approvals, daemons } = openOps(opsDoc)
  const drain = new AbortController()
  const said: FromDaemon[] = []
  const steps: string[] = []
  const daemonId = createId()
  let judged = judgement
  const processes = new Map<string, { end(outcome?: Outcome): void; job: Job }>()
  const command: Executor<'command'> = (job) => {
    steps.push('execute')
    void job.onOutput('stdout', Buffer.from('end'))
    return new Promise((resolve) => {
      const name = job.payload.command
      processes.set(name, {
        job: job as Job,
        end: (outcome = { state: 'completed', result: { exitCode: 0 } }) => resolve(outcome),
      })
      if (!deaf) job.signal.addEventListener('abort', () => resolve({ state: 'cancelled', result: { exitCode: null } }))
    }).finally(() => processes.delete(job.payload.command)) as Promise<Outcome>
  }
  const runner = createTaskRunner({
    daemonId,
    capabilities: ['node'],
    slots,
    tasks,
    approvals,
    judge: () => judged,
    execute: createExecute({ command }),
    draining: drainingOf(daemons, daemonId, drain.signal),
    ...(artifacts && { artifacts: (task) => (steps.push('artifacts'), artifacts(task)) }),
    openLog: async () => ({
      log: openTaskLog(logDoc),
      spool: {
        write: () => {},
        room: () => undefined,
        close: async () => {},
        seal: async () => ({ bytes: 3, truncated: false, tail: 'end', segments: [] }),
      },
      durable: async () => void steps.push('durable'),
      close: () => {},
    }),
    begin: () => () => {},
    barriers: {
      flush: () => (steps.push('flush'), flush()),
      settle: () => (steps.push('settle'), settle()),
    },
    send: (message) => said.push(message),
    clock: { ...clock, now: () => clock.now() - setBackMs },
    mono: () => clock.now() + hungMs,
    watchdog: { watch: () => () => {}, putOff: () => {} },
    log: silentLog,
  })
  const over = new AbortController()
  const ended = runner.run(over.signal)
  const stop = async () => {
    over.abort()
    await ended
  }
  stops.push(async () => {
    for (const { end } of processes.values()) end()
    over.abort()
    const goOn = setInterval(() => clock.advance(1_000), 1)
    await ended
    clearInterval(goOn)
  })
  const add = (title: string, more: Partial<Task> = {}): Id => {
    const id = createId()
    tasks.set(id, {
      v: 1, id, title, workspaceId: daemonId, executor: 'daemon', payload: { kind: 'command', command: title, args: [], cwd: '', shell: false },
      priority: 0, requires: [], onLost: 'keep', state: 'queued', attempt: 0, attempts: [], createdBy: daemonId, createdByName: 'Mira',
      createdAt: clock.now(), queuedAt: clock.now(), ...more,
    }) // prettier-ignore
    return id
  }
  const says = async <T extends FromDaemon['t']>(t: T, count = 1): Promise<Said<T>[]> => {
    const those = () => said.filter((m): m is Said<T> => m.t === t)
    await vi.waitFor(() => expect(those().length).toBeGreaterThanOrEqual(count))
    return those()
  }
  let grantSeq = 0
  const grant = (id: Id, more: Partial<Extract<ToDaemon, { t: 'grant' }>> = {}) => {
    const task = tasks.get(id)
    const attempt = more.attempt ?? (task?.attempt ?? 0) + 1
    const lease = { daemonId, bootId: daemonId, grantSeq: ++grantSeq, expiresAt: 0 }
    if (task) tasks.set(id, { ...task, state: 'leased', attempt, lease })
    const claim = said.findLast((m): m is Said<'claim'> => m.t === 'claim' && m.task === id)
    runner.onMessage({
      t: 'grant',
      n: claim?.n ?? 0,
      task: id,
      attempt,
      grantSeq,
      mono: claim?.mono ?? clock.now(),
      leaseMs: 30_000,
      ...more,
    })
  }
  const ack = (n: number) => runner.onMessage({ t: 'ack', n })
  return {
    daemonId,
    runner,
    clock,
    tasks,
    approvals,
    said,
    says,
    steps,
    driven: () => openTaskLog(logDoc).terminal.snapshot(),
    output: () =>
      Buffer.concat(
        openTaskLog(logDoc)
          .snapshot()
          .map(({ d }) => d),
      ).toString(),
    processes,
    add,
    grant,
    ack,
    stop,
    judge: (j: Judgement) => (judged = j),
    drain: () => drain.abort(),
    /** Somebody sets the machine's clock. */
    setBack: (ms: number) => (setBackMs = ms),
    /** Time goes by, and no timer runs. */
    hang: (ms: number) => (hungMs += ms),
    /** As the server's word. */
    setDraining: (draining: boolean) =>
      daemons.set(daemonId, { id: daemonId, name: 'box', connection: 'online', lastSeenAt: 0, draining }),
  }
}
const started = (processes: ReadonlyMap<string, unknown>, name: string) =>
  vi.waitFor(() => expect(processes.has(name)).toBe(true))

test('[TSK-14] no process starts without a grant', async () => {
  const t = setUp()
  const id = t.add('a')
  expect(await t.says('claim')).toMatchObject([{ task: id }])
  t.runner.onMessage({ t: 'no-grant', n: 1, task: id, reason: 'all slots are in use' })
  t.tasks.set(id, { ...(t.tasks.get(id) as Task), state: 'leased', attempt: 1 })
  await vi.waitFor(() => expect(t.runner.held()).toEqual([]))
  expect(t.processes.size).toBe(0)
})

test('[S106] [TSK-17] a fourth task is claimed only when a slot is free', async () => {
  const t = setUp()
  const ids = ['a', 'b', 'c', 'd'].map((name) => t.add(name))
  expect((await t.says('claim', 3)).map((c) => c.task)).toEqual(ids.slice(0, 3))
  for (const id of ids.slice(0, 3)) t.grant(id)
  await started(t.processes, 'c')
  expect(await t.says('claim')).toHaveLength(3)
  t.processes.get('b')?.end()
  const [report] = (await t.says('report', 4)).slice(-1)
  t.ack(report?.n ?? 0)
  expect((await t.says('claim', 4)).at(-1)?.task).toBe(ids[3])
})

test('[TSK-22] what others edited is on disk before a task starts, and its changes are shared before it is reported done', async () => {
  const t = setUp()
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  expect(t.steps).toEqual(['flush', 'execute'])
  t.processes.get('a')?.end()
  const reports = await t.says('report', 2)
  expect(reports).toMatchObject([
    { state: 'running', attempt: 1 },
    { state: 'completed', attempt: 1, result: { exitCode: 0, output: { tail: 'end' } } },
  ])
  expect(t.steps).toEqual(['flush', 'execute', 'durable', 'settle'])
})

test('[TSK-15] a report is repeated until it is answered, and the attempt is held until then', async () => {
  const t = setUp()
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  t.processes.get('a')?.end()
  const last = (await t.says('report', 2)).at(-1)
  expect(t.runner.held()).toEqual([{ task: id, attempt: 1 }])
  t.clock.advance(10_000)
  const again = (await t.says('report', 3)).at(-1)
  expect(again).toEqual(last)
  t.ack(last?.n ?? 0)
  await vi.waitFor(() => expect(t.runner.held()).toEqual([]))
  const count = t.said.length
  t.clock.advance(10_000)
  expect(t.said).toHaveLength(count)
})

test('[TSK-161] what was not answered is said again in time, also where the clock is set back meanwhile', async () => {
  const t = setUp()
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  t.processes.get('a')?.end()
  await t.says('report', 2)
  t.setBack(3_600_000)
  t.clock.advance(4_000)
  expect((await t.says('report', 3)).at(-1)).toMatchObject({ task: id, state: 'completed' })
})

test('[TSK-1] a grant that comes twice starts once, one that comes too late not at all', async () => {
  const t = setUp()
  const [id, late] = [t.add('a'), t.add('late')]
  await t.says('claim', 2)
  t.grant(id)
  await started(t.processes, 'a')
  t.grant(id, { grantSeq: 1, attempt: 1 })
  t.grant(late, { mono: t.clock.now() - 30_001 })
  expect(t.runner.held()).toEqual([{ task: id, attempt: 1 }])
  expect(t.runner.lastGrantSeq()).toBe(1)
  expect(t.steps.filter((s) => s === 'execute')).toHaveLength(1)
})

test('[TSK-4] a cancelled task is ended and reported so, also when the process has not started yet', async () => {
  const t = setUp()
  const [a, b] = [t.add('a'), t.add('b')]
  await t.says('claim', 2)
  t.grant(a)
  await started(t.processes, 'a')
  t.runner.onMessage({ t: 'cancel', task: a, attempt: 1, force: false })
  expect((await t.says('report', 2)).at(-1)).toMatchObject({ task: a, state: 'cancelled' })
  t.grant(b)
  t.runner.onMessage({ t: 'cancel', task: b, attempt: 1, force: false })
  expect((await t.says('report', 3)).at(-1)).toMatchObject({ task: b, state: 'cancelled' })
  expect(t.steps.filter((s) => s === 'execute')).toHaveLength(1)
})

test('[TSK-4] the cancel of an attempt whose grant got lost is answered', async () => {
  const t = setUp()
  const task = createId()
  t.runner.onMessage({ t: 'cancel', task, attempt: 2, force: false })
  expect(await t.says('report')).toMatchObject([{ task, attempt: 2, state: 'cancelled' }])
})

test('[TSK-8] an attempt that is not ours any more is ended without a word', async () => {
  const t = setUp()
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  await t.says('report')
  const kill = [{ task: id, attempt: 1 }]
  t.runner.onMessage({ t: 'hello-ack', protocol: 1, mono: t.clock.now(), serverTime: 0, leaseMs: 30_000, kill })
  await vi.waitFor(() => expect(t.runner.held()).toEqual([]))
  expect(t.processes.size).toBe(0)
  expect(await t.says('report')).toHaveLength(1)
})

test('[S116] [TSK-16] what may be given to others ends after two leases without word; what may not, goes on', async () => {
  const t = setUp()
  const [kept, given] = [t.add('kept'), t.add('given', { onLost: 'requeue' })]
  await t.says('claim', 2)
  t.grant(kept)
  t.grant(given)
  await started(t.processes, 'kept')
  await started(t.processes, 'given')
  t.clock.advance(59_000)
  expect(t.processes.get('given')?.job.signal.aborted).toBe(false)
  t.clock.advance(2_000)
  await vi.waitFor(() => expect(t.processes.has('given')).toBe(false))
  expect(t.processes.get('kept')?.job.signal.aborted).toBe(false)
})

test('[TSK-191] where a daemon hangs between a grant and its start until the lease is over, nothing starts', async () => {
  const written = Promise.withResolvers<readonly string[]>()
  const t = setUp({ flush: () => written.promise })
  const id = t.add('given', { onLost: 'requeue' })
  await t.says('claim')
  t.grant(id)
  await vi.waitFor(() => expect(t.steps).toEqual(['flush']))
  t.hang(61_000)
  written.resolve([])
  expect((await t.says('report')).at(0)).toMatchObject({ task: id, state: 'failed', result: { code: 'lease-lost' } })
  expect(t.steps).not.toContain('execute')
})

test('[TSK-192] what the watchdog ended before its daemon did so counts as given up; what ended by itself, as it ended', async () => {
  const t = setUp()
  const [killed, exited] = [t.add('killed', { onLost: 'requeue' }), t.add('exited', { onLost: 'requeue' })]
  await t.says('claim', 2)
  for (const id of [killed, exited]) t.grant(id)
  for (const name of ['killed', 'exited']) await started(t.processes, name)
  t.hang(61_000)
  t.processes.get('exited')?.end({ state: 'failed', result: { exitCode: 1 } })
  const ofExited = (await t.says('report', 3)).at(-1)
  expect(ofExited).toMatchObject({ task: exited, state: 'failed', result: { exitCode: 1 } })
  expect(ofExited?.result?.code).toBeUndefined()
  t.processes.get('killed')?.end({ state: 'failed', result: { exitCode: null, signal: 'SIGKILL' } })
  expect((await t.says('report', 4)).at(-1)).toMatchObject({ task: killed, result: { code: 'lease-lost' } })
})

test('[TSK-192] a word of the server that lay there while its daemon hung does not bring back what is over', async () => {
  const t = setUp({ deaf: true })
  const id = t.add('killed', { onLost: 'requeue' })
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'killed')
  const heard = {
    workspaceIds: [],
    protocol: 1,
    mono: t.clock.now() + 20_000,
    serverTime: 0,
    leaseMs: 30_000,
    kill: [],
  }
  t.hang(61_000)
  t.runner.onMessage({ t: 'hello-ack', ...heard })
  t.processes.get('killed')?.end({ state: 'failed', result: { exitCode: null, signal: 'SIGKILL' } })
  const told = () => t.said.findLast((m) => m.t === 'report')
  await vi.waitFor(() => expect(told()).toMatchObject({ task: id, state: 'failed', result: { code: 'lease-lost' } }))
})

test('[S269] a task the policy asks about waits for a person, and is claimed once it is allowed', async () => {
  const t = setUp({ judgement: { decision: 'ask', argsHash: 'h', summary: 'rm x', reason: 'no rule', risk: 'medium' } })
  const id = t.add('rm')
  expect(await t.says('ask')).toMatchObject([{ task: id, argsHash: 'h', summary: 'rm x' }])
  t.judge({ decision: 'run' })
  const approval = {
    id: createId(),
    subject: { task: id },
    action: 'command',
    summary: '',
    reason: '',
    argsHash: 'h',
    risk: 'low' as const,
    state: 'approved' as const,
    createdAt: 0,
    expiresAt: 0,
  }
  t.approvals.set(approval.id, approval)
  expect(await t.says('claim')).toMatchObject([{ task: id }])
})

test('[S135] a task the policy denies is refused before anyone claims it', async () => {
  const t = setUp({ judgement: { decision: 'refuse', code: 'command-denied', reason: "command 'sudo' not allowed" } })
  const id = t.add('sudo')
  expect(await t.says('refuse')).toMatchObject([
    { task: id, code: 'command-denied', reason: "command 'sudo' not allowed" },
  ])
  expect(t.said.some((m) => m.t === 'claim')).toBe(false)
})

test.each([
  ['denied', { decision: 'refuse', code: 'command-denied', reason: 'no sudo' }, {}, 'command-denied'],
  [
    'to be asked about',
    { decision: 'ask', argsHash: 'h', summary: 'x', reason: 'r', risk: 'high' },
    {},
    'not-approved',
  ],
  ['for another daemon', { decision: 'run' }, { target: { daemonId: createId() } }, 'not-ours'],
  ['for what we have not', { decision: 'run' }, { requires: ['docker'] }, 'not-ours'],
] as const)('[TSK-6] a grant that was not asked for is judged all the same: %s', async (_, judgement, more, code) => {
  const t = setUp({ judgement })
  const id = t.add('sudo', more as Partial<Task>)
  t.grant(id)
  expect(await t.says('report')).toMatchObject([{ task: id, attempt: 1, state: 'failed', result: { code } }])
  expect(t.steps).toEqual([])
})

test('[TSK-4] a task is cancelled also while what others typed is still being written for it', async () => {
  const t = setUp({ flush: () => new Promise(() => {}) })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await vi.waitFor(() => expect(t.steps).toEqual(['flush']))
  t.runner.onMessage({ t: 'cancel', task: id, attempt: 1, force: false })
  expect((await t.says('report')).at(-1)).toMatchObject({ task: id, state: 'cancelled' })
  expect(t.steps).toEqual(['flush'])
})

test('[TSK-22] a task that ran is told as it ended, even where the mirror stopped meanwhile', async () => {
  const t = setUp({ settle: () => Promise.reject(new Error('the mirror has stopped')) })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  t.processes.get('a')?.end()
  expect((await t.says('report', 2)).at(-1)).toMatchObject({ task: id, state: 'completed', result: { exitCode: 0 } })
})

test('[MIR-128] what a barrier left out is said in the task’s own output', async () => {
  const paths = Array.from({ length: 7 }, (_, i) => `${i}.log`)
  const t = setUp({ flush: async () => ['old\u001b[2J.ts'], settle: async () => paths })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  t.processes.get('a')?.end()
  expect((await t.says('report', 2)).at(-1)).toMatchObject({ state: 'completed', result: { output: { tail: 'end' } } })
  expect(t.output()).toBe(
    '\n… not as others have it: old.ts …\nend\n… not shared yet: 0.log, 1.log, 2.log, 3.log, 4.log and 2 more …\n',
  )
  expect(t.steps).toEqual(['flush', 'execute', 'durable', 'settle', 'durable'])
})

test('[TSK-202] what was granted and is not begun when its daemon stops is given back', async () => {
  const t = setUp({ flush: () => new Promise(() => {}) })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await vi.waitFor(() => expect(t.steps).toEqual(['flush']))
  const stopped = t.stop()
  const [report] = await t.says('report')
  expect(report).toMatchObject({ task: id, state: 'failed', result: { code: 'not-begun' } })
  t.ack(report?.n ?? 0)
  await stopped
})

test('[TSK-200] what others say of a task does not make a daemon refuse it once more', async () => {
  const t = setUp({ judgement: { decision: 'refuse', code: 'command-denied', reason: 'no' } })
  const id = t.add('a')
  await t.says('refuse')
  const pass = { daemonId: createId(), name: 'tower', code: 'command-denied', reason: 'no' }
  const change = (more: Partial<Task>) => {
    const task = t.tasks.get(id)
    if (task) t.tasks.set(id, { ...task, ...more })
  }
  change({ passedBy: [pass] })
  // It has looked again: what came after is answered.
  t.add('b')
  expect((await t.says('refuse', 2)).map(({ task }) => task === id)).toEqual([true, false])
  // Asked for anew, it is judged anew, and also where another had it meanwhile and gave it back.
  change({ queuedAt: 5_000 })
  expect((await t.says('refuse', 3)).at(-1)?.task).toBe(id)
  change({ attempt: 1 })
  expect((await t.says('refuse', 4)).at(-1)?.task).toBe(id)
})

test('[S45] [TSK-166] a daemon that stops ends its processes and says so, also of what it is granted too late', async () => {
  const t = setUp()
  const [id, late] = [t.add('a'), t.add('late')]
  await t.says('claim', 2)
  t.grant(id)
  await started(t.processes, 'a')
  const stopped = t.stop()
  const report = (await t.says('report', 2)).at(-1)
  expect(report).toMatchObject({
    state: 'failed',
    result: { code: 'stopped', error: 'the daemon was stopped while it ran' },
  })
  t.grant(late)
  expect((await t.says('report', 3)).at(-1)).toMatchObject({
    task: late,
    state: 'failed',
    result: { code: 'not-begun' },
  })
  t.ack(report?.n ?? 0)
  await stopped
  expect(t.processes.size).toBe(0)
})

test('[TSK-87] however long a process takes to end when its daemon stops, how it ended is told', async () => {
  const t = setUp({ deaf: true })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  const stopped = t.stop()
  await vi.waitFor(() => expect(t.processes.get('a')?.job.signal.aborted).toBe(true))
  t.clock.advance(9_000)
  t.processes.get('a')?.end()
  const told = () => t.said.findLast((m) => m.t === 'report')
  await vi.waitFor(() => expect(told()).toMatchObject({ task: id, state: 'completed', result: { exitCode: 0 } }))
  t.ack(told()?.n ?? 0)
  await stopped
})

test('[TSK-86] a daemon that drains claims nothing more; what runs goes on, and where it is told to it begins again', async () => {
  const t = setUp()
  const [a, b] = [t.add('a'), t.add('b')]
  await t.says('claim', 2)
  t.grant(a)
  await started(t.processes, 'a')
  t.setDraining(true)
  const [c] = [t.add('c')]
  // What was asked for before it drained and is granted now is begun: nobody else has it.
  t.grant(b)
  await started(t.processes, 'b')
  t.processes.get('b')?.end()
  await t.says('report', 3)
  t.clock.advance(60_000)
  expect(t.said.filter((m) => m.t === 'claim' && m.task === c)).toEqual([])
  expect(t.processes.get('a')?.job.signal.aborted).toBe(false)
  t.setDraining(false)
  expect((await t.says('claim', 3)).at(-1)?.task).toBe(c)
})

test('[TSK-86] drained by its own machine it stays so, whatever the server says', async () => {
  const t = setUp()
  t.drain()
  t.add('a')
  t.setDraining(false)
  // It hears, and looks again.
  t.runner.onMessage({ t: 'cancel', task: createId(), attempt: 1, force: false })
  expect(await t.says('report')).toHaveLength(1)
  t.clock.advance(1_000)
  await t.says('report')
  expect(t.said.filter((m) => m.t === 'claim')).toEqual([])
})

test('[TSK-82] a cancel asks the process to end; a forced one, a fence and a lost lease kill it', async () => {
  const t = setUp({ slots: 4 })
  const [asked, forced, fenced, lost] = ['asked', 'forced', 'fenced', 'lost'].map((name) =>
    t.add(name, { onLost: name === 'lost' ? 'requeue' : 'keep' }),
  ) as [Id, Id, Id, Id]
  await t.says('claim', 4)
  for (const id of [asked, forced, fenced, lost]) t.grant(id)
  await started(t.processes, 'lost')
  const jobs = new Map([...t.processes].map(([name, { job }]) => [name, job]))
  const isKilled = (name: string) => jobs.get(name)?.killSignal.aborted
  t.runner.onMessage({ t: 'cancel', task: asked, attempt: 1, force: false })
  t.runner.onMessage({ t: 'cancel', task: forced, attempt: 1, force: true })
  const kill = [{ task: fenced, attempt: 1 }]
  t.runner.onMessage({ t: 'hello-ack', protocol: 1, mono: t.clock.now(), serverTime: 0, leaseMs: 30_000, kill })
  t.clock.advance(61_000)
  expect(['asked', 'forced', 'fenced', 'lost'].map(isKilled)).toEqual([false, true, true, true])
  expect([...jobs.values()].every(({ signal }) => signal.aborted)).toBe(true)
})

test('[TSK-82] what was asked to end can be forced to afterwards', async () => {
  const t = setUp({ deaf: true })
  const id = t.add('a')
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  const job = t.processes.get('a')?.job
  for (const force of [false, true]) {
    t.runner.onMessage({ t: 'cancel', task: id, attempt: 1, force })
    expect([job?.signal.aborted, job?.killSignal.aborted]).toEqual([true, force])
  }
  t.processes.get('a')?.end({ state: 'cancelled', result: {} })
  expect((await t.says('report', 2)).at(-1)).toMatchObject({ state: 'cancelled' })
})

test('[TSK-93] [TSK-230] [TSK-231] who typed last drives a terminal: it has the size of their view, is told so to all, and hears nobody once it has ended', async () => {
  const t = setUp()
  const task = t.add('a')
  await t.says('claim')
  t.grant(task)
  await started(t.processes, 'a')
  const [mira, noah] = [createId(), createId()]
  const heard: unknown[] = []
  const by = createId()
  const type = (session: Id, data: string, attempt = 1) =>
    t.runner.onMessage({ t: 'typed', task, attempt, by, session, data })
  const resize = (session: Id, cols: number) =>
    t.runner.onMessage({ t: 'resized', task, attempt: 1, by, session, size: { cols, rows: 24 } })
  // Said before the process has begun: kept for it.
  resize(mira, 100)
  expect(t.driven()).toBeUndefined()
  t.processes.get('a')?.job.onTerminal({
    type: (bytes) => (heard.push(new TextDecoder().decode(bytes)), true),
    resize: (size) => heard.push(size.cols),
  })
  resize(noah, 50)
  expect(t.driven()).toEqual({ by, session: mira, size: { cols: 100, rows: 24 } })
  type(mira, 'l')
  type(mira, 's')
  resize(noah, 60)
  type(noah, 'x')
  resize(mira, 110)
  expect(t.driven()).toMatchObject({ session: noah, size: { cols: 60 } })
  type(mira, 'old', 2)
  resize(noah, 70)
  type(mira, '!')
  expect(heard).toEqual([100, 'l', 's', 60, 'x', 70, 110, '!'])
  t.processes.get('a')?.end()
  const last = (await t.says('report', 2)).at(-1)
  t.ack(last?.n ?? 0)
  await vi.waitFor(() => expect(t.runner.held()).toEqual([]))
  type(mira, 'late')
  expect(heard).not.toContain('late')
})

test('[TSK-88] what a task asked to be kept is collected after it ended and before it is reported; what was not is said', async () => {
  const kept = [{ path: 'a.tgz', blob: 'a'.repeat(64), size: 1 }]
  const t = setUp({ artifacts: async () => ({ kept, left: ['b.tgz: too large'] }) })
  const id = t.add('a', { artifacts: ['*.tgz'] })
  await t.says('claim')
  t.grant(id)
  await started(t.processes, 'a')
  t.processes.get('a')?.end()
  expect((await t.says('report', 2)).at(-1)).toMatchObject({ state: 'completed', result: { artifacts: kept } })
  expect(t.steps).toEqual(['flush', 'execute', 'artifacts', 'durable', 'settle'])
  expect(t.output()).toContain('not kept: b.tgz: too large')
})

test('[TSK-98] [TSK-14] without word from the server nothing begins, not even what is meant for this daemon alone', async () => {
  const t = setUp()
  const id = t.add('a')
  const mine = t.tasks.get(id) as Task
  const [claim] = await t.says('claim')
  t.tasks.set(id, { ...mine, target: { daemonId: t.daemonId } })
  t.clock.advance(3_600_000)
  await t.says('claim', 2)
  expect(t.processes.size).toBe(0)
  expect(t.runner.held()).toEqual([])
  // Once it is heard again it runs, once.
  t.grant(id, { n: claim?.n ?? 0, mono: t.clock.now() })
  await started(t.processes, 'a')
  expect(t.steps.filter((s) => s === 'execute')).toHaveLength(1)
})
