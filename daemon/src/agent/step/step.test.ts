import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { systemClock } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { Turn } from '../testing/model-turn.ts'
import { startModelServer, type ModelServer, type Script } from '../testing/model-server.ts'
import { runStep, type Live } from './step.ts'

let server: ModelServer | undefined
afterEach(() => server?.close())

const providers = {
  openai: (url: string) => createOpenAI({ baseURL: url, apiKey: 'k' }).chat('scripted'),
  anthropic: (url: string) => createAnthropic({ baseURL: url, apiKey: 'k' })('scripted'),
  google: (url: string) => createGoogle({ baseURL: url, apiKey: 'k' })('scripted'),
  compatible: (url: string) => createOpenAICompatible({ baseURL: url, name: 'local', includeUsage: true })('scripted'),
}
type Name = keyof typeof providers
const names = Object.keys(providers) as Name[]
/** Google's sends arguments whole. */
const streaming = names.filter((name) => name !== 'google')

const tools = [
  { name: 'editFile', description: 'edits', input: z.object({ path: z.string(), text: z.string() }) },
  { name: 'readFile', description: 'reads', input: z.object({ path: z.string() }) },
]
const text = 'two\nlines "quoted" ünïcode 🎈'
const edit: Turn = {
  parts: [{ text: 'I will edit it.' }, { tool: 'editFile', id: 'e1', input: { path: 'a.ts', text } }],
  usage: { input: 120, output: 30 },
}

/** What was shown, joined again. */
function screen(onText = () => {}) {
  const shown = { text: '', thoughts: '', begun: 0, calls: [] as string[], fields: {} as Record<string, string> }
  const live: Live = {
    begin: () => void shown.begun++,
    text: (piece) => {
      shown.text += piece
      onText()
    },
    reasoning: (piece) => void (shown.thoughts += piece),
    call: ({ tool }) => void shown.calls.push(tool),
    field: (_id, path, piece) => {
      const name = path.join('.')
      shown.fields[name] = (shown.fields[name] ?? '') + piece
    },
  }
  return { shown, live }
}

type Options = { takenIds?: Set<string>; clock?: typeof systemClock; signal?: AbortSignal; live?: Live }
async function ask(name: Name, script: Script, options: Options = {}) {
  server = await startModelServer({ script })
  const {
    takenIds = new Set(),
    clock = systemClock,
    signal = new AbortController().signal,
    live = screen().live,
  } = options
  const model = providers[name](server.url)
  const messages = [{ role: 'user' as const, content: 'go' }]
  return runStep(
    { model, instructions: 'Be brief.', messages, tools, maxOutputTokens: 777, takenIds },
    { live, clock, signal, deadlines: { firstMs: 1_000, chunkMs: 500, stepMs: 10_000 } },
  )
}

for (const name of names) {
  test(`[AGT-22] [S235] ${name}: text, a call and what it took are the same whoever is asked`, async () => {
    const { shown, live } = screen()
    const end = await ask(name, [edit], { live })
    expect(end).toMatchObject({
      end: 'said',
      calls: [{ tool: 'editFile', input: { path: 'a.ts', text } }],
      usage: { input: 120, output: 30 },
      isCut: false,
    })
    expect(shown).toMatchObject({ text: 'I will edit it.', begun: 1, calls: ['editFile'] })
    // Some models answer 4,096 tokens at most where nothing is said.
    expect(JSON.stringify(server?.log[0]?.body)).toContain('777')
    expect(server?.log[0]?.body.cache_control).toEqual(name === 'anthropic' ? { type: 'ephemeral' } : undefined)
  })

  test(`[AGT-25] ${name}: why there is no answer is told apart`, async () => {
    const why = async (turn: Turn) => {
      const end = await ask(name, [turn])
      await server?.close()
      return end.end === 'failed' ? end.failure : end
    }
    expect(await why({ status: 429, headers: { 'retry-after': '7' } })).toMatchObject({
      kind: 'busy',
      retryAfterMs: 7000,
    })
    expect(await why({ status: 429, message: 'You exceeded your quota: insufficient_quota' })).toMatchObject({
      kind: 'no-credit',
    })
    const minute = 'You exceeded your current quota, please check your plan and billing details. Please retry in 20.5s.'
    expect(await why({ status: 429, message: minute })).toMatchObject({ kind: 'busy', retryAfterMs: 20_500 })
    expect(await why({ status: 503 })).toMatchObject({ kind: 'down' })
    expect(await why({ status: 401, message: 'Incorrect API key provided' })).toMatchObject({ kind: 'needs-key' })
    expect(await why({ status: 400, message: 'prompt is too long: 9 tokens > 8 maximum' })).toMatchObject({
      kind: 'overflow',
    })
    expect(await why({ status: 404, message: 'no such model' })).toMatchObject({
      kind: 'refused',
      message: 'no such model',
    })
    expect(await why({ ...edit, cutAfter: 3 })).toMatchObject({ kind: 'cut' })
    const errorEvent = { type: 'overloaded_error', message: 'Overloaded' }
    expect(await why({ ...edit, errorEvent })).toMatchObject({ kind: 'busy' })
    expect(await why({ parts: [] })).toMatchObject({ kind: 'empty' })
    expect(await why({ parts: [{ text: 'x' }], finish: 'content-filter' })).toMatchObject({ kind: 'refused' })
  })

  test(`[AGT-26] ${name}: a call that cannot be understood is told to the model, and says what is wrong with it`, async () => {
    const wrong = async (turn: Turn) => {
      const end = await ask(name, [turn])
      await server?.close()
      return end.end === 'said' ? end.calls.map((call) => call.error) : end
    }
    expect(await wrong({ parts: [{ tool: 'nope', input: {} }] })).toEqual([expect.stringContaining("'nope'")])
    const mismatch: unknown = await wrong({ parts: [{ tool: 'editFile', input: { path: 3, text: 'x'.repeat(5000) } }] })
    expect(mismatch).toEqual([
      expect.stringMatching(/^the call of editFile was not run: .*expected string, received number/s),
    ])
    expect(JSON.stringify(mismatch)).not.toContain('xxxx')
  })
}

for (const name of streaming) {
  test(`[AGT-23] ${name}: what a call writes is shown while it is written, letter for letter`, async () => {
    const { shown, live } = screen()
    await ask(name, [edit], { live })
    expect(shown.fields).toEqual({ path: 'a.ts', text })
  })

  test(`[AGT-26] ${name}: half a call is no call`, async () => {
    const end = await ask(name, [{ parts: [{ tool: 'editFile', id: 'e', raw: '{"path": "a' }], finish: 'length' }])
    expect(end).toMatchObject({
      end: 'said',
      isCut: true,
      calls: [{ id: 'e', error: expect.stringContaining('JSON') as string }],
    })
    if (end.end === 'said') expect(end.message.content).toContainEqual(expect.objectContaining({ input: {} }))
  })
}

test('[AGT-25] a server that is not there is unreachable', async () => {
  const gone = await startModelServer({ script: [] })
  await gone.close()
  const model = providers.openai(gone.url)
  const clock = systemClock
  const deadlines = { firstMs: 60_000, chunkMs: 60_000, stepMs: 60_000 }
  const end = await runStep(
    {
      model,
      instructions: '',
      messages: [{ role: 'user', content: 'go' }],
      tools,
      maxOutputTokens: 9,
      takenIds: new Set(),
    },
    { live: screen().live, clock, signal: new AbortController().signal, deadlines },
  )
  expect(end).toMatchObject({ end: 'failed', failure: { kind: 'unreachable' } })
})

test('[AGT-24] a model that never begins, stops in the middle, or goes on for ever is given up, and its socket closed', async () => {
  const clock = fakeClock()
  const asked = Promise.withResolvers<void>()
  const silent = ask('openai', () => (asked.resolve(), { hang: true }), { clock })
  await asked.promise
  clock.advance(1_000)
  expect(await silent).toMatchObject({ end: 'failed', failure: { kind: 'hang' } })
  await server?.close()

  const shown = Promise.withResolvers<void>()
  const { live } = screen(() => shown.resolve())
  const pace = (n: number) => (n < 3 ? undefined : new Promise<void>(() => {}))
  const stuck = ask('anthropic', [{ ...edit, pace }], { clock, live })
  await shown.promise
  clock.advance(500)
  expect(await stuck).toMatchObject({ end: 'failed', failure: { kind: 'hang' } })
  expect(await server?.log[0]?.closed).toBe('early')
  await server?.close()

  let next = Promise.withResolvers<void>()
  const endless = ask(
    'openai',
    [{ parts: [{ text: 'x'.repeat(70_000) }], pace: (n) => (n > 3 ? next.promise : undefined) }],
    {
      clock,
      live: screen(() => {
        // Each piece in time, and never an end.
        clock.advance(400)
        next.resolve()
        next = Promise.withResolvers()
        next.resolve()
      }).live,
    },
  )
  expect(await endless).toMatchObject({ end: 'failed', failure: { kind: 'hang' } })
})

test('[AGT-27] stopped in the middle of a call, what it had said is kept and the call is none', async () => {
  const stop = new AbortController()
  const { shown, live } = screen()
  const field = live.field
  const stopping = {
    ...live,
    field: (...args: Parameters<Live['field']>) => (field(...args), stop.abort(new Error('enough'))),
  }
  const end = await ask('openai', [{ ...edit, pace: (n) => (n > 8 ? new Promise<void>(() => {}) : undefined) }], {
    signal: stop.signal,
    live: stopping,
  })
  expect(end).toEqual({ end: 'stopped', text: 'I will edit it.' })
  expect(shown.calls).toEqual(['editFile'])
  expect(await server?.log[0]?.closed).toBe('early')
})

test('[AGT-28] ids of calls that were there before, or twice, are made anew', async () => {
  const parts = ['c0', 'c1', 'c1', 'not an id'].map((id) => ({ tool: 'readFile', id, input: { path: id } }))
  const end = await ask('compatible', [{ parts }], { takenIds: new Set(['c0']) })
  if (end.end !== 'said') throw new Error(JSON.stringify(end))
  const ids = end.calls.map((call) => call.id)
  expect(new Set(ids).size).toBe(4)
  expect(ids[1]).toBe('c1')
  expect(ids.every((id) => /^[\w-]{1,64}$/.test(id) && id !== 'c0')).toBe(true)
  const inMessage = (end.message.content as { type: string; toolCallId?: string }[]).map((part) => part.toolCallId)
  expect(inMessage).toEqual(ids)
})
