import { isHeld, isTandemError, messageOf, TandemError, type Id, type RunStatus, type Task } from '@tandem/shared'
import { openChat, openRun } from '@tandem/shared/docs'
import { createFetch } from '../../egress/fetch.ts'
import type { Executor, Job, Outcome, Parking } from '../../tasks/execute.ts'
import { createAnswers } from '../judge/answers.ts'
import { judgeCall } from '../judge/judge.ts'
import type { RunEnd, RunPorts } from '../loop/ports.ts'
import { runAgent } from '../loop/run-agent.ts'
import { instructionsFor } from '../prompt/system-prompt.ts'
import { bashTool } from '../tools/bash.ts'
import { agentReach, fetchTool } from '../tools/fetch.ts'
import { projectTools } from '../tools/project-tools.ts'
import { beginRun, modeInWords } from './begin.ts'
import { readEarlier } from './earlier.ts'
import { findRules, withMentions } from './mentions.ts'
import type { AgentPorts, OpenDoc } from './ports.ts'
import { createRunStore, messagesOf } from './run-store.ts'
import { createRunShell } from './shell.ts'
import { openTalk } from './talk.ts'
import { createTelling } from './tell.ts'

type AgentJob = Job<Extract<Task['payload'], { kind: 'agent' }>>

/** What is being saved when the end is asked for may still be saved, for so long. */
const graceMs = 2_000

/**
 * Runs one attempt of a task of kind `agent`: goes on with the run from its document, until it is done or waits. What it
 * is and where it stands are in documents alone, so that any attempt, of any daemon, goes on from there.
 */
export const agentExecutor =
  (ports: AgentPorts): Executor<'agent'> =>
  async (job) => {
    const held: OpenDoc[] = []
    const attach = (ref: Parameters<AgentPorts['attach']>[0]) => {
      const opened = ports.attach(ref)
      held.push(opened)
      return opened
    }
    const saving = saveSignal(ports, job)
    try {
      return await attemptRun(ports, job, attach, saving.signal)
    } finally {
      saving.end()
      for (const each of held) each.release()
    }
  }

async function attemptRun(
  ports: AgentPorts,
  job: AgentJob,
  attach: AgentPorts['attach'],
  saving: AbortSignal,
): Promise<Outcome | Parking> {
  const { id, attempt } = job.task
  const { clock, tree } = ports
  const log = ports.log.with({ run: id, attempt })
  const requireHeld = () => whoHolds(ports, id, attempt)
  const mayWrite = () => !saving.aborted && !isThrown(requireHeld)
  const document = attach({ kind: 'run', runId: id })
  await document.synced(job.signal)
  const run = openRun(document.doc)
  const durable = () => document.durable(saving)
  const telling = createTelling({ run, attempt, mayWrite, clock })
  const { conversationId } = job.payload
  const chatDoc = conversationId === undefined ? undefined : attach({ kind: 'chat', conversationId })
  await chatDoc?.synced(job.signal)
  const chat = chatDoc && openChat(chatDoc.doc)
  const talk =
    chat && conversationId !== undefined
      ? openTalk({
          ...{ chat, run: id, members: ports.members, clock, log },
          whose: (changes, signal) => ports.whose(conversationId, changes, signal),
          textOf: (message, signal) => withMentions(tree, message, signal),
        })
      : undefined
  const readRun = async (runId: Id) => {
    const other = ports.attach({ kind: 'run', runId })
    try {
      await other.synced(job.signal)
      return messagesOf(openRun(other.doc))
    } finally {
      other.release()
    }
  }
  const close = async (status: Parameters<typeof telling.stand>[0]) => {
    telling.endDraft()
    telling.stand(status)
    await durable()
  }
  try {
    telling.stand({ activity: 'thinking' })
    const begin = { id, payload: job.payload, run, chat, talk, readRun, durable, requireHeld, signal: job.signal }
    const about = await beginRun(ports, begin)
    await talk?.settled()
    const answers = createAnswers({ run: id, ...ports })
    const task = taskOf(ports, id)
    const fetching = (besides: URL) =>
      createFetch({
        reach: agentReach(ports.policyNow(), besides),
        clock,
        record: (entry) => ports.recordEgress(job.task, entry),
      })
    const tools = [
      ...projectTools({
        ...{ tree, task: id, clock },
        setHunks: async (call, hunks) => {
          requireHeld()
          run.setHunks(call, hunks)
          await durable()
        },
      }),
      bashTool(createRunShell({ execute: ports.execute, task, job })),
      fetchTool(fetching),
      ...((await ports.extraTools?.({ task, signal: job.signal })) ?? []),
    ]
    const paths = (job.payload.mentions ?? []).map(({ path }) => path)
    const { rules, others } = await findRules(tree, paths, job.signal)
    const skills = (await ports.skills?.()) ?? []
    const textAt = async (path: string) => {
      const entry = tree.at(path)
      if (entry === undefined || entry === 'folder' || entry.kind !== 'text') return undefined
      return (await tree.texts([entry.id], job.signal)).get(entry.id)
    }
    const loop: RunPorts = {
      runId: id,
      store: createRunStore({
        ...{ run, attempt, requireHeld, durable, clock },
        earlier: await readEarlier(about.earlier ?? [], readRun),
        onMessages: telling.endDraft,
      }),
      openModel: () => ports.models.open(about.model),
      tools,
      instructions: instructionsFor({ mode: modeInWords[about.mode], rules, others, skills }),
      judge: async (call, tool) =>
        judgeCall(call, tool, { mode: about.mode, policyNow: ports.policyNow, isGranted: answers.isGranted, textAt }),
      answer: answers.answer,
      incoming: () => talk?.incoming() ?? [],
      told: telling.told,
      redact: ports.models.redact,
      secret: ports.secret,
      // What somebody set for the task is a bound of the run's, at which they are asked.
      limits: { ...ports.limits, activeMs: Math.min(ports.limits.activeMs, task.timeoutMs ?? Infinity) },
      deadlines: ports.deadlines,
      clock,
      log,
      signal: job.signal,
    }
    for (;;) {
      const end = await runAgent(loop)
      await talk?.settled()
      // Somebody may have written while it ended.
      const delivered = run.delivered.snapshot()
      if (end.end === 'done' && loop.incoming().some((each) => !delivered.has(each.id))) continue
      await close(statusOf(end, job.signal, clock.now()))
      return outcomeOf(end, job.signal, clock.now())
    }
  } catch (e) {
    if (job.signal.aborted) {
      await close(job.signal.reason === 'cancelled' ? { state: 'stopped' } : {}).catch(() => {})
      return stoppedBy(job.signal)
    }
    const reason = ports.models.redact(messageOf(e)).slice(0, 2_000)
    const code = isTandemError(e) ? e.code : 'internal'
    log.error('run failed', { error: e })
    await close({ state: 'failed', reason, code, endedAt: clock.now() }).catch(() => {})
    return { state: 'failed', result: { code, error: reason } }
  } finally {
    talk?.close()
    telling.endDraft()
  }
}

function taskOf({ tasks }: AgentPorts, id: Id): Task {
  const task = tasks.get(id)
  if (task) return task
  throw new TandemError('not-found', { reason: 'the server has no record of this run', run: id })
}

/** Throws once the record says that the run is another attempt's, or nobody's. */
function whoHolds(ports: AgentPorts, id: Id, attempt: number): void {
  const task = taskOf(ports, id)
  if (task.attempt !== attempt || !isHeld(task.state) || task.lease?.daemonId !== ports.daemonId)
    throw new TandemError('conflict', { reason: 'another attempt goes on with this run', run: id })
}

function isThrown(call: () => void): boolean {
  try {
    call()
    return false
  } catch {
    return true
  }
}

/** Aborts when nothing may be saved any more: some time after the end was asked for, and at once where it is another's. */
function saveSignal({ clock }: AgentPorts, { signal, killSignal }: AgentJob) {
  const late = new AbortController()
  let cancel = () => {}
  const begin = () => (cancel = clock.after(graceMs, () => late.abort(new Error('it took too long to be saved'))))
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  return {
    signal: AbortSignal.any([late.signal, killSignal]),
    end: () => {
      signal.removeEventListener('abort', begin)
      cancel()
    },
  }
}

type Word = Partial<Omit<RunStatus, 'attempt' | 'startedAt'>>

function statusOf(end: RunEnd, signal: AbortSignal, now: number): Word {
  switch (end.end) {
    case 'done':
      return { state: 'done', endedAt: now }
    case 'failed':
      return { state: 'failed', code: end.code, reason: end.reason, endedAt: now }
    case 'stopped':
      return signal.reason === 'cancelled' ? { state: 'stopped', endedAt: now } : {}
    case 'parked':
      return 'until' in end
        ? { state: 'sleeping', reason: end.reason, until: end.until }
        : { state: 'waiting', reason: end.reason, code: codeOf(end.questions[0]?.action) }
    default:
      return end satisfies never
  }
}

/** A key that is missing is another thing to wait for than a yes. */
const codeOf = (action: string | undefined) => (action === 'key' ? 'needs-key' : 'needs-answer')

function outcomeOf(end: RunEnd, signal: AbortSignal, now: number): Outcome | Parking {
  switch (end.end) {
    case 'done':
      return { state: 'completed', result: {} }
    case 'failed':
      return { state: 'failed', result: { code: end.code.slice(0, 60), error: end.reason } }
    case 'stopped':
      return stoppedBy(signal)
    case 'parked': {
      const { reason } = end
      const waits =
        'until' in end
          ? { restMs: Math.min(Math.max(0, Math.ceil(end.until - now)), longestRestMs) }
          : { questions: [...end.questions] }
      return { state: 'parked', reason: reason.slice(0, 500), waits, result: {} }
    }
    default:
      return end satisfies never
  }
}

const longestRestMs = 366 * 86_400_000

/** Where only this process ends, the next one goes on. */
const stoppedBy = (signal: AbortSignal): Outcome =>
  signal.reason === 'cancelled'
    ? { state: 'cancelled', result: {} }
    : { state: 'failed', result: { code: 'stopped', error: 'the daemon was stopped while it ran' } }
