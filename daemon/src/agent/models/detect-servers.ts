import type { LanguageModelV4 } from '@ai-sdk/provider'
import { messageOf, type Clock } from '@tandem/shared'
import { z } from 'zod'
import { runStep } from '../step/step.ts'
import { localServers, localUrl } from './settings.ts'

export type LocalServer = {
  readonly name: string
  readonly title: string
  readonly baseUrl: string
  readonly models: readonly string[]
  /** What one had better know of it. */
  readonly note?: string | undefined
}

/** Nobody waits longer for what is not there, nor reads more of what is something else. */
const answerMs = 1_500
const maxBytes = 256 * 1024
const ModelList = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })).max(1_000) })

/** The servers of models that answer on this machine, with their models. Whatever else listens there is left out. */
export async function detectServers({
  clock,
  signal,
  among = localServers,
}: {
  clock: Clock
  signal: AbortSignal
  among?: readonly (Pick<LocalServer, 'name' | 'title' | 'note'> & { readonly port: number })[]
}): Promise<readonly LocalServer[]> {
  const found = await Promise.all(
    among.map(async ({ name, title, port, note }) => {
      const baseUrl = localUrl(port)
      const models = await listModels(baseUrl, clock, signal)
      return models && { name, title, baseUrl, models, ...(note !== undefined && { note }) }
    }),
  )
  return found.filter((each) => each !== undefined)
}

async function listModels(baseUrl: string, clock: Clock, signal: AbortSignal): Promise<string[] | undefined> {
  const late = new AbortController()
  const cancel = clock.after(answerMs, () => late.abort(new Error('no answer in time')))
  try {
    const response = await fetch(`${baseUrl}/models`, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([late.signal, signal]),
    })
    const parsed = ModelList.safeParse(response.ok ? JSON.parse(await textOf(response)) : undefined)
    return parsed.data?.data.map(({ id }) => id)
  } catch {
    return undefined // nothing there, or nothing that knows models
  } finally {
    cancel()
    late.abort()
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > maxBytes) throw new Error('longer than any list of models')
  }
  return text
}

const report = { name: 'report', description: 'Reports a word.', input: z.object({ word: z.string() }) }
const silence = { begin: () => {}, text: () => {}, reasoning: () => {}, call: () => {}, field: () => {} }
/** A server may have to load the model first. */
const probeDeadlines = { firstMs: 60_000, chunkMs: 30_000, stepMs: 90_000 }

/**
 * Whether a model calls a tool when it is told to: without that an agent cannot do anything. Where it does not, why in
 * words; some servers need to be started so that they can.
 */
export async function probeTools(
  model: LanguageModelV4,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<{ readonly callsTools: boolean; readonly reason?: string }> {
  const messages = [
    { role: 'user' as const, content: 'Call the tool `report` with the word `ready`. Say nothing else.' },
  ]
  const instructions = 'You do what you are told by calling tools.'
  const ask = { model, instructions, messages, tools: [report], maxOutputTokens: 2_000, takenIds: new Set<string>() }
  const end = await runStep(ask, { live: silence, deadlines: probeDeadlines, clock, signal })
  if (end.end === 'stopped') return { callsTools: false, reason: messageOf(signal.reason) }
  if (end.end === 'failed') return { callsTools: false, reason: end.failure.message }
  if (end.calls.some(({ tool, error }) => tool === 'report' && error === undefined)) return { callsTools: true }
  const wrong = end.calls.find(({ error }) => error !== undefined)?.error
  return { callsTools: false, reason: wrong ?? 'it answered in words instead of calling the tool' }
}
