import { createHmac } from 'node:crypto'
import { messageOf } from '@tandem/shared'
import type { ModelMessage } from 'ai'
import type { Call } from '../step/step.ts'
import { cutMiddle } from './context.ts'
import type { Question, RunPorts } from './ports.ts'
import type { Change, Journaled, SavedRun } from './state.ts'
import type { CallContext, Tool, ToolResult } from './tool.ts'

type Ended = Extract<Journaled, { state: 'ended' }>
type ToolMessage = Extract<ModelMessage, { role: 'tool' }>

/** A run as it stands, and the one way to change it. */
export type Run = { readonly now: () => SavedRun; readonly save: (change: Change) => Promise<void> }

/** What the last answer asked for and nobody has answered in the messages, in its order. */
export function unanswered({ messages }: SavedRun): Call[] {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || typeof last.content === 'string') return []
  return last.content.flatMap((part) =>
    part.type === 'tool-call' && part.providerExecuted !== true
      ? [{ id: part.toolCallId, tool: part.toolName, input: part.input }]
      : [],
  )
}

/**
 * Does what the last answer asked for, call by call, and adds what came of it to the messages; answers the questions
 * that people have to answer first, where there are any. Whatever a process before this one did is in the journal:
 * nothing that has begun is begun again, unless its tool knows that nothing of it happened.
 */
export async function settleCalls(calls: readonly Call[], run: Run, ports: RunPorts): Promise<readonly Question[]> {
  const questions: Question[] = []
  for (const call of calls) {
    ports.signal.throwIfAborted()
    if (run.now().journal[call.id]?.state === 'ended') continue
    const outcome = await outcomeOf(call, run, ports)
    if ('question' in outcome) questions.push(outcome.question)
    else await run.save({ journal: { [call.id]: endedWith(outcome, ports) } })
  }
  if (questions.length > 0) return questions
  await answerCalls(calls, run)
  return []
}

/** The message with what came of each call, which the model waits for. */
async function answerCalls(calls: readonly Call[], run: Run): Promise<void> {
  const { journal } = run.now()
  const ended = calls.map((call) => [call, journal[call.id]] as const)
  const max = Math.floor(maxTexts / calls.length)
  const message: ToolMessage = { role: 'tool', content: ended.map(([call, entry]) => resultPart(call, entry, max)) }
  // What the model is told stands in the messages from here on.
  const thinned = ended.map(([call, entry]) => [call.id, withoutText(entry)] as const)
  await run.save({ messages: [message], journal: Object.fromEntries(thinned) })
}

/** Nobody wants them done any more: those that did not begin never will, and of the others nobody can say. */
export async function abandonCalls(calls: readonly Call[], run: Run): Promise<void> {
  const { journal } = run.now()
  const left = calls.flatMap(({ id }) => {
    const entry = journal[id]
    if (entry?.state === 'ended') return []
    const text = entry ? unknownOutcome : 'a person stopped the run before this was done'
    return [[id, { state: 'ended', text, isError: true }] as const]
  })
  await run.save({ journal: Object.fromEntries(left) })
  await answerCalls(calls, run)
}

async function outcomeOf(call: Call, run: Run, ports: RunPorts): Promise<ToolResult | { question: Question }> {
  const begun = run.now().journal[call.id]
  const tool = ports.tools.find(({ name }) => name === call.tool)
  // It was there when the model was asked: another daemon goes on with the run, or a skill was taken away.
  if (!tool) return failed(`there is no tool '${call.tool}' here`)
  const parsed = await tool.input.safeParseAsync(call.input)
  if (!parsed.success) return failed(`the call was not run: ${parsed.error.message.slice(0, 2000)}`)
  const context: CallContext = {
    callId: call.id,
    signal: ports.signal,
    note: (note) => run.save({ journal: { [call.id]: { state: 'begun', note } } }),
  }
  if (begun?.state === 'begun' && tool.isRead !== true) {
    const result = (await tool.recall?.(parsed.data, begun.note, context)) ?? 'unknown'
    if (result !== 'not-done') return result === 'unknown' ? failed(unknownOutcome) : result
  }
  const verdict = await ports.judge(call, tool)
  if (verdict.decision === 'deny') return failed(`not allowed: ${verdict.reason}`)
  if (verdict.decision === 'ask') {
    const { summary, reason, risk } = verdict
    const about = { call: call.id, action: call.tool, argsHash: argsHash(call, ports) }
    const question = { ...about, ...shortened({ summary, reason }), risk }
    const answer = ports.answer(question)
    if (!answer) return { question }
    if (!answer.isYes) return failed(`a person did not allow it${answer.comment ? `: ${answer.comment}` : ''}`)
  }
  ports.signal.throwIfAborted()
  if (tool.isRead !== true) await run.save({ journal: { [call.id]: { state: 'begun' } } })
  return ports.signal.aborted ? failed('stopped before it began') : runTool(tool, parsed.data, context)
}

async function runTool(tool: Tool, input: unknown, context: CallContext): Promise<ToolResult> {
  try {
    return await tool.run(input, context)
  } catch (e) {
    return failed(context.signal.aborted ? 'stopped; it may be done in part' : messageOf(e))
  }
}

/**
 * What a yes is bound to: this call, this tool, these arguments, whoever may have written them into a document. Changed
 * afterwards, they are another question, which nobody has answered.
 */
export function argsHash({ id, tool, input }: Call, ports: Pick<RunPorts, 'secret' | 'runId'>): string {
  return sign(ports, ['call', id, tool, sorted(input)])
}

/** What only this daemon can make of a thing that a person is asked about. */
export const sign = ({ secret, runId }: Pick<RunPorts, 'secret' | 'runId'>, what: readonly unknown[]): string =>
  createHmac('sha256', secret)
    .update(JSON.stringify([runId, ...what]))
    .digest('hex')

/** The same for the same names, in whatever order they stand. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, each]) => [name, sorted(each)])
}

/** As much of its words as a question takes. */
export const shortened = ({ summary, reason }: { summary: string; reason: string }) => ({
  summary: summary.slice(0, 2_000),
  reason: reason.slice(0, 500),
})

/** More than this of one result is of no use to a model, and of all in one message than this no document takes it. */
const maxText = 100_000
const maxTexts = 400_000
/** What is for people, in letters of JSON. */
const maxDetails = 200_000

function endedWith({ text, isError, details }: ToolResult, { redact }: Pick<RunPorts, 'redact'>): Ended {
  const isShown = details !== undefined && JSON.stringify(details).length <= maxDetails
  return {
    state: 'ended',
    text: cutMiddle(redact(text), maxText),
    ...(isError && { isError }),
    ...(isShown && { details }),
  }
}

function resultPart({ id, tool }: Call, entry: Journaled | undefined, max: number): ToolMessage['content'][number] {
  const { text = '', isError } = entry?.state === 'ended' ? entry : {}
  const output = { type: isError ? ('error-text' as const) : ('text' as const), value: cutMiddle(text, max) }
  return { type: 'tool-result', toolCallId: id, toolName: tool, output }
}

function withoutText(entry: Journaled | undefined): Ended {
  const { isError, details } = entry?.state === 'ended' ? entry : {}
  return { state: 'ended', ...(isError && { isError }), ...(details !== undefined && { details }) }
}

const unknownOutcome = 'interrupted, outcome unknown: look before you do it again'
const failed = (text: string): ToolResult => ({ text, isError: true })
