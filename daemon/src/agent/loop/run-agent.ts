import type { ModelMessage } from 'ai'
import type { OpenModel } from '../models/registry.ts'
import { askModel, type AskEnd } from '../step/ask-model.ts'
import type { Failure } from '../step/failure.ts'
import type { Said } from '../step/step.ts'
import { boundReached } from './bounds.ts'
import { abandonCalls, settleCalls, shortened, sign, unanswered, type Run } from './calls.ts'
import { isFull, makeRoom } from './compact.ts'
import { contextOf } from './context.ts'
import type { Incoming, RunEnd, RunPorts } from './ports.ts'
import { changed, type Bound, type Change } from './state.ts'
import { usageWith } from './usage.ts'

/**
 * Goes on with a run from what was saved of it until it is done or has to wait. Everything it does follows from what was
 * saved, so another process goes on from there: what the model asks for is kept before any of it is done, and each call
 * is done once or answered as unknown. Rejects where the store does: then the run is somebody else's.
 */
export async function runAgent(ports: RunPorts): Promise<RunEnd> {
  const run = await openRun(ports)
  let partial = ''
  try {
    let wasFull = false
    for (;;) {
      ports.signal.throwIfAborted()
      const calls = unanswered(run.now())
      if (calls.length > 0) {
        ports.told.activity('executing')
        const questions = await settleCalls(calls, run, ports)
        // More of them are asked once these are answered.
        if (questions.length > 0)
          return parked('it waits for a person to allow what it wants to do', questions.slice(0, 16))
        continue
      }
      if (!(await deliver(run, ports))) return { end: 'done' }
      const bound = boundReached(run.now(), ports.limits)
      if (bound) {
        const end = await askToGoOn(bound.bound, bound.reason, run, ports)
        if (end) return end
        continue
      }
      const open = await ports.openModel()
      const ended: Unsaid | undefined =
        'needsKey' in open ? noKey(open.needsKey) : await nextRound(open, run, ports, wasFull)
      wasFull = ended?.end === 'failed' && ended.failure.kind === 'overflow' && !wasFull
      if (!ended || wasFull) continue
      if (ended.end === 'stopped') {
        partial = ended.text
        continue
      }
      const reason = ports.redact(ended.failure.message).slice(0, 500)
      if (ended.end === 'later') return { end: 'parked', reason, until: ended.until }
      if (ended.failure.kind !== 'needs-key') return { end: 'failed', code: `model-${ended.failure.kind}`, reason }
      const end = await askToGoOn('key', reason, run, ports)
      if (end) return end
    }
  } catch (e) {
    if (!ports.signal.aborted) throw e
    if (ports.signal.reason === 'cancelled') await closeRun(partial, run)
    return { end: 'stopped' }
  }
}

type Unsaid = Exclude<AskEnd, { end: 'said' }>

/** Asks the model once more and keeps what it says; answers why it said nothing where it did not. */
async function nextRound(open: OpenModel, run: Run, ports: RunPorts, wasFull: boolean): Promise<Unsaid | undefined> {
  const { told, clock, signal, deadlines, redact } = ports
  const ask = (
    what: { instructions: string; messages: readonly ModelMessage[]; tools: RunPorts['tools'] },
    live = told,
  ) =>
    askModel(
      { ...what, model: open.model, maxOutputTokens: open.facts.maxOutputTokens, takenIds: new Set(callIds(run)) },
      {
        live,
        clock,
        signal,
        deadlines,
        retryAt: (wait) => {
          told.activity(wait ? 'waiting' : 'thinking')
          told.retryAt(wait && { until: wait.until, attempt: wait.attempt, reason: redact(wait.failure.message) })
        },
      },
    )
  told.activity('thinking')
  if (wasFull || isFull(run.now(), open.facts)) {
    const sumUp = async ({ instructions, text }: { instructions: string; text: string }) => {
      const end = await ask({ instructions, messages: [{ role: 'user', content: text }], tools: [] }, unseen)
      if (end.end === 'said') await run.save({ usage: usageWith(run.now().usage, end.usage, open.facts.price) })
      return end
    }
    const unsaid = await makeRoom(run, open.facts, sumUp, { mustFit: wasFull })
    if (unsaid) return unsaid
  }
  const { instructions, tools } = ports
  // A quarter of the window for one result, if a letter is a quarter of a token.
  const messages = contextOf(run.now(), open.facts.contextTokens)
  const end = await ask({ instructions, messages, tools })
  if (end.end !== 'said') return end
  await run.save(whatWasSaid(end, run, open))
  return undefined
}

/** So many calls of one answer are made. */
const maxCalls = 32

/** What the model said, with what it took, and answers to the calls that cannot be run: kept before any effect. */
function whatWasSaid({ message, calls, isCut, usage }: Said, run: Run, { facts }: OpenModel): Change {
  const cut = isCut ? `; it was cut off at ${facts.maxOutputTokens} tokens: write less at once` : ''
  const wrong = calls.flatMap(({ id, error }, i) => {
    const text = i < maxCalls ? error && error + cut : `not done: ${maxCalls} calls at once are enough; make it again`
    return text === undefined ? [] : [[id, { state: 'ended', text, isError: true }] as const]
  })
  const goOn: ModelMessage = {
    role: 'user',
    content: `[Your answer was cut off at ${facts.maxOutputTokens} tokens. Go on from there.]`,
  }
  return {
    messages: isCut && calls.length === 0 ? [message, goOn] : [message],
    journal: Object.fromEntries(wrong),
    usage: usageWith(run.now().usage, usage, facts.price),
    progress: { ...run.now().progress, context: usage.input + usage.output },
  }
}

/** Adds what people sent meanwhile; false where the last answer stands and nobody has anything to add. */
async function deliver(run: Run, { incoming }: RunPorts): Promise<boolean> {
  const { messages, delivered } = run.now()
  const isAnswered = messages.at(-1)?.role === 'assistant'
  const waiting = incoming().filter(({ id }) => !delivered.includes(id))
  const steered = waiting.filter(({ delivery }) => delivery === 'steer')
  // One by one: each is answered before the next is heard.
  const next = steered.length > 0 || !isAnswered ? steered : waiting.slice(0, 1)
  if (next.length > 0) await run.save({ messages: next.map(userMessage), delivered: next.map(({ id }) => id) })
  return next.length > 0 || !isAnswered
}

const userMessage = ({ text }: Incoming): ModelMessage => ({ role: 'user', content: text })

/** It may go on only when a person says so. Nothing where one has; the next time is another question. */
async function askToGoOn(bound: Bound, reason: string, run: Run, ports: RunPorts): Promise<RunEnd | undefined> {
  const { progress, messages } = run.now()
  const times = progress.goneOn[bound] ?? 0
  const call = `${bound}:${times}`
  const summary = bound === 'key' ? `Try again: ${reason}` : `Go on, though ${reason}`
  const argsHash = sign(ports, ['bound', call])
  const question = { call, action: bound, argsHash, ...shortened({ summary, reason }), risk: 'low' as const }
  const answer = ports.answer(question)
  if (!answer) return parked(reason, [question])
  if (!answer.isYes) return { end: 'failed', code: `limit-${bound}`, reason }
  const counted = bound === 'repeated' ? { countedFrom: messages.length } : {}
  await run.save({ progress: { ...progress, ...counted, goneOn: { ...progress.goneOn, [bound]: times + 1 } } })
  return undefined
}

/** A person wants no more of it: what it had said by then is kept, and what it asked for is answered. */
async function closeRun(partial: string, run: Run): Promise<void> {
  const calls = unanswered(run.now())
  if (calls.length > 0) await abandonCalls(calls, run)
  if (partial.trim() !== '') await run.save({ messages: [{ role: 'assistant', content: partial }] })
}

/** The run as it was saved, with the time that it has been running counted. */
async function openRun({ store, clock }: RunPorts): Promise<Run> {
  let saved = await store.load()
  let since = clock.now()
  return {
    now: () => saved,
    save: async (change) => {
      const now = clock.now()
      const progress = change.progress ?? saved.progress
      const whole = { ...change, progress: { ...progress, activeMs: saved.progress.activeMs + now - since } }
      await store.save(whole)
      since = now
      saved = changed(saved, whole)
    },
  }
}

const callIds = (run: Run): string[] =>
  run
    .now()
    .messages.flatMap(({ content }) =>
      typeof content === 'string'
        ? []
        : content.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : [])),
    )

const parked = (reason: string, questions: Extract<RunEnd, { questions: unknown }>['questions']): RunEnd => ({
  end: 'parked',
  reason,
  questions,
})
const noKey = (message: string): { end: 'failed'; failure: Failure } => ({
  end: 'failed',
  failure: { kind: 'needs-key', message },
})

/** A summary is nobody's answer. */
const nothing = () => {}
const unseen: RunPorts['told'] = {
  begin: nothing,
  text: nothing,
  reasoning: nothing,
  call: nothing,
  field: nothing,
  activity: nothing,
  retryAt: nothing,
}
