import type { AgentMode, Id, RunAbout, Task } from '@tandem/shared'
import type { Chat, Run } from '@tandem/shared/docs'
import type { ModelMessage } from 'ai'
import { systemPrompt } from '../prompt/system-prompt.ts'
import { chooseEarlier } from './earlier.ts'
import { withMentions } from './mentions.ts'
import type { AgentPorts } from './ports.ts'
import type { Talk } from './talk.ts'

type Payload = Extract<Task['payload'], { kind: 'agent' }>

type Begin = {
  id: Id
  payload: Payload
  run: Run
  /** Where it belongs to a conversation. */
  chat: Chat | undefined
  talk: Talk | undefined
  readRun(run: Id): Promise<readonly ModelMessage[]>
  durable(): Promise<void>
  requireHeld(): void
  signal: AbortSignal
}

/**
 * What a run is, as its first attempt settles it: model, mode, the checkpoint before it, what it is given of earlier runs,
 * and what was asked for. One transaction; later attempts find it.
 */
export async function beginRun(ports: AgentPorts, begin: Begin): Promise<RunAbout> {
  const { id, payload, run, chat, talk, readRun, durable, requireHeld, signal } = begin
  const { about: known } = run.snapshot()
  if (known) return known
  const { conversationId, message, mentions = [], mode = 'ask', model = ports.models.default() } = payload
  await talk?.settled()
  const earlier = chat && talk ? await chooseEarlier(id, message, { chat, isHeard: talk.isHeard, readRun }) : undefined
  const checkpoint = await checkpointBefore(ports, begin)
  const content = await withMentions(ports.tree, { text: payload.prompt, mentions }, signal)
  const about: RunAbout = {
    v: 1,
    mode,
    model,
    prompt: systemPrompt.version,
    ...(conversationId && { conversation: conversationId }),
    ...(checkpoint && { checkpoint }),
    ...(earlier && earlier.length > 0 && { earlier }),
  }
  const at = ports.clock.now()
  requireHeld()
  run.transact(() => {
    run.set('about', about)
    run.append([{ at, message: { role: 'user', content }, ...(message && { of: message }) }])
    if (message) run.deliver(message, { at })
  })
  await durable()
  return about
}

/** Without one the run goes on: its own changes can be taken back in any case. */
async function checkpointBefore(ports: AgentPorts, { id, payload, signal }: Begin): Promise<Id | undefined> {
  if (payload.mode === 'plan') return undefined
  try {
    return await ports.checkpoint(id, `Before: ${payload.prompt}`.replace(/\s+/g, ' ').slice(0, 100), signal)
  } catch (error) {
    if (signal.aborted) throw error
    ports.log.warn('there is no checkpoint before a run', { run: id, error })
    return undefined
  }
}

/** What it may do by itself, for the model to know; what holds is decided elsewhere. */
export const modeInWords: Record<AgentMode, string> = {
  plan: 'You are in the mode plan: look at whatever you need, change nothing, run nothing, and answer with a plan.',
  ask: 'You are in the mode ask: a person is asked before each change and each command that does more than look.',
  'auto-edit':
    'You are in the mode auto-edit: you may change files; a person is asked before commands that do more than look, and before what is dangerous.',
  auto: 'You are in the mode auto: what the policy of this machine allows you may do; a person is asked before what is dangerous.',
}
