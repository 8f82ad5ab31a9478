import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { silentLog, systemClock, type Clock } from '@tandem/shared'
import type { ModelMessage } from 'ai'
import { z } from 'zod'
import type { Answer, Incoming, Question, RunPorts, Verdict } from '../loop/ports.ts'
import { defaultLimits } from '../loop/ports.ts'
import { changed, newRun, type SavedRun } from '../loop/state.ts'
import type { Tool } from '../loop/tool.ts'
import type { OpenModel } from '../models/registry.ts'
import { defaultFacts } from '../models/settings.ts'
import { defaultDeadlines } from '../step/deadlines.ts'

/** What is left when a process ends: what was saved, what was done to the world, and what people said. */
export type World = {
  saved: SavedRun
  /** How often each call had its effect. */
  readonly done: Map<string, number>
  readonly answers: Map<string, Answer>
  readonly incoming: Incoming[]
}

export const newWorld = (text: string): World => ({
  saved: { ...newRun, messages: [{ role: 'user', content: text }] },
  done: new Map(),
  answers: new Map(),
  incoming: [],
})

/** The process has ended: nothing it does any more reaches the world. */
export class Killed extends Error {}

/**
 * Ends a process at its n-th moment: before and after everything it does to the world. What it awaits by then rejects,
 * and so does all that it tries afterwards.
 */
export function killedAt(n: number) {
  let passed = 0
  let isDead = false
  const point = () => {
    if (isDead || passed++ === n) {
      isDead = true
      throw new Killed()
    }
  }
  return { point, passed: () => passed, isDead: () => isDead }
}

const path = z.object({ path: z.string() })

/**
 * Toys: `look` changes nothing, `put` can tell later whether it did, `send` cannot, and `danger` is asked about; `fail`
 * throws.
 */
export function toys(world: World, point: () => void = () => {}): Tool[] {
  const act = (callId: string) => {
    point()
    world.done.set(callId, (world.done.get(callId) ?? 0) + 1)
    point()
  }
  const look = (input: unknown) => ({ text: `content of ${path.parse(input).path}` })
  return [
    { name: 'look', description: 'looks', input: path, isRead: true, run: async (input) => look(input) },
    {
      name: 'put',
      description: 'puts',
      input: path,
      run: async (_input, { callId, note }) => {
        await note({ callId })
        act(callId)
        return { text: 'put', details: { file: 'a' } }
      },
      recall: async (_input, note) =>
        note !== undefined && world.done.has((note as { callId: string }).callId) ? { text: 'put' } : 'not-done',
    },
    {
      name: 'send',
      description: 'sends',
      input: path,
      run: async (_input, { callId }) => (act(callId), { text: 'sent' }),
    },
    {
      name: 'danger',
      description: 'risks',
      input: path,
      run: async (_input, { callId }) => (act(callId), { text: 'risked' }),
    },
    { name: 'fail', description: 'fails', input: path, run: () => Promise.reject(new Error('no such thing')) },
  ]
}

const silent: RunPorts['told'] = {
  begin: () => {},
  text: () => {},
  reasoning: () => {},
  call: () => {},
  field: () => {},
  activity: () => {},
  retryAt: () => {},
}

export const scripted = (url: string, facts: Partial<OpenModel['facts']> = {}): OpenModel => ({
  id: 'local:scripted',
  model: createOpenAICompatible({ baseURL: url, name: 'local', includeUsage: true })('scripted'),
  facts: { ...defaultFacts, ...facts },
})

type Options = { world: World; model: OpenModel; point?: () => void; clock?: Clock } & Partial<RunPorts>

/** One process that goes on with what is in the world. */
export function processOf({ world, model, point = () => {}, clock = systemClock, ...rest }: Options): RunPorts {
  return {
    runId: 'run',
    store: {
      load: async () => {
        point()
        return structuredClone(world.saved)
      },
      save: async (change) => {
        point()
        world.saved = changed(world.saved, structuredClone(change))
        point()
      },
    },
    openModel: async () => {
      point()
      return model
    },
    tools: toys(world, point),
    instructions: 'Help.',
    judge: (call): Verdict => {
      point()
      if (call.tool !== 'danger') return { decision: 'allow' }
      return {
        decision: 'ask',
        reason: 'It is dangerous.',
        summary: `danger ${JSON.stringify(call.input)}`,
        risk: 'high',
      }
    },
    answer: (question: Question) => {
      point()
      return world.answers.get(`${question.call} ${question.argsHash}`)
    },
    incoming: () => [...world.incoming],
    told: silent,
    redact: (text) => text,
    secret: new Uint8Array([1, 2, 3]),
    limits: defaultLimits,
    deadlines: defaultDeadlines,
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    ...rest,
  }
}

/** A person answers all of these. */
export function answerAll({ answers }: World, questions: readonly Question[], isYes = true, comment?: string): void {
  for (const { call, argsHash } of questions)
    answers.set(`${call} ${argsHash}`, { isYes, ...(comment !== undefined && { comment }) })
}

/** What each call was answered, by its id. */
export function resultsIn(messages: readonly ModelMessage[]): Record<string, string[]> {
  const results: Record<string, string[]> = {}
  for (const { content } of messages)
    for (const part of typeof content === 'string' ? [] : content)
      if (part.type === 'tool-result')
        (results[part.toolCallId] ??= []).push(String((part.output as { value?: unknown }).value))
  return results
}
