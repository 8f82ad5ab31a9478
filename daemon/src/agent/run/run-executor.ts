import { isTandemError, messageOf, type Id, type Task } from '@tandem/shared'
import { openChat, openRun } from '@tandem/shared/docs'
import type { Executor, Job, Outcome, Parking } from '../../tasks/execute.ts'
import { createAnswers } from '../judge/answers.ts'
import { judgeCall } from '../judge/judge.ts'
import type { RunPorts } from '../loop/ports.ts'
import { runAgent } from '../loop/run-agent.ts'
import { instructionsFor } from '../prompt/system-prompt.ts'
import { beginRun, modeInWords } from './begin.ts'
import { readEarlier } from './earlier.ts'
import { createSaveSignal, isThrown, requireHeldBy, taskOf } from './holding.ts'
import { findRules, withMentions } from './mentions.ts'
import type { AgentPorts, OpenDoc } from './ports.ts'
import { outcomeOf, statusOf, stoppedBy, type Word } from './run-end.ts'
import { createRunStore, messagesOf } from './run-store.ts'
import { runTools, textAt } from './run-tools.ts'
import { openTalk } from './talk.ts'
import { createTelling } from './tell.ts'

type AgentJob = Job<Extract<Task['payload'], { kind: 'agent' }>>

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
    const saving = createSaveSignal(ports, job)
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
  const requireHeld = () => requireHeldBy(ports, id, attempt)
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
  const close = async (status: Word) => {
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
    const setHunks = async (...hunks: Parameters<typeof run.setHunks>) => {
      requireHeld()
      run.setHunks(...hunks)
      await durable()
    }
    const tools = await runTools(ports, { task, job, setHunks })
    const paths = (job.payload.mentions ?? []).map(({ path }) => path)
    const { rules, others } = await findRules(tree, paths, job.signal)
    const skills = (await ports.skills?.()) ?? []
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
        judgeCall(call, tool, {
          mode: about.mode,
          policyNow: ports.policyNow,
          isGranted: answers.isGranted,
          textAt: (path) => textAt(tree, path, job.signal),
        }),
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
