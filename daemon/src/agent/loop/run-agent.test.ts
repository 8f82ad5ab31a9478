import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test } from 'vitest'
import { answerAll, newWorld, processOf, resultsIn, scripted, type World } from '../testing/run-bed.ts'
import { startModelServer, type ModelServer, type Script } from '../testing/model-server.ts'
import type { Turn } from '../testing/model-turn.ts'
import type { Question, RunEnd, RunPorts } from './ports.ts'
import { defaultLimits } from './ports.ts'
import { runAgent } from './run-agent.ts'

let server: ModelServer | undefined
afterEach(() => server?.close())

const call = (tool: string, id: string, path = 'a.ts') => ({ tool, id, input: { path } })
const done: Turn = { parts: [{ text: 'Done.' }] }

/** A world with a model that says this, and a way to let a process go on in it. */
async function bed(script: Script, facts: Parameters<typeof scripted>[1] = {}) {
  server = await startModelServer({ script, chunkSize: 40 })
  const world = newWorld('do it')
  const model = scripted(server.url, facts)
  return { world, model, go: (ports: Partial<RunPorts> = {}) => runAgent(processOf({ world, model, ...ports })) }
}

function questionsOf(end: RunEnd): readonly Question[] {
  if (end.end !== 'parked' || !('questions' in end)) throw new Error(`it asks nothing: ${JSON.stringify(end)}`)
  return end.questions
}
const lastText = ({ saved }: World) => JSON.stringify(saved.messages.at(-1)?.content)
const bodyOf = (n: number) => server?.log[n]?.body as { messages: { role: string; content: unknown }[] }

test('[AGT-41] [S236] [S240] round by round: the model asks, its tools are run, it is told, until it answers', async () => {
  const { world, go } = await bed([{ parts: [call('look', 'l1')] }, { parts: [call('put', 'p1')] }, done])
  expect(await go()).toEqual({ end: 'done' })
  expect(resultsIn(world.saved.messages)).toEqual({ l1: ['content of a.ts'], p1: ['put'] })
  expect(world.saved.journal).toMatchObject({ p1: { state: 'ended', details: { file: 'a' } } })
  expect(world.saved.usage).toEqual({ rounds: 3, inputTokens: 300, cachedInputTokens: 0, outputTokens: 60 })
})

test('[AGT-42] what it costs is added up where prices are known, and nowhere else', async () => {
  const price = { input: 2, output: 10, cachedInput: 1 }
  const { world, go } = await bed([{ parts: [call('look', 'l1')] }, done], { price })
  await go()
  expect(world.saved.usage.costUsd).toBeCloseTo((200 * 2 + 40 * 10) / 1e6, 12)
  const free = await bed([done])
  await free.go()
  expect(free.world.saved.usage).not.toHaveProperty('costUsd')
})

test('[AGT-26] [AGT-43] [S242] what a tool throws, what does not parse and what nobody knows go back to the model', async () => {
  const wrong = [
    call('fail', 'f1'),
    { tool: 'put', id: 'p1', input: { path: 7 } },
    { tool: 'put', id: 'p2', raw: '{"pa' },
  ]
  const { world, go } = await bed([{ parts: [...wrong, call('nope', 'n1')] }, done])
  expect(await go()).toEqual({ end: 'done' })
  const results = resultsIn(world.saved.messages)
  expect(results.f1).toEqual(['no such thing'])
  expect(results.p1).toEqual([expect.stringContaining('expected string')])
  expect(results.p2).toEqual([expect.stringContaining('JSON')])
  expect(results.n1).toEqual([expect.stringContaining("'nope'")])
  expect(world.done.size).toBe(0)
})

test('[AGT-44] [S269] a yes is for exactly what was asked: changed arguments are asked about anew', async () => {
  const { world, go } = await bed([{ parts: [call('danger', 'd1'), call('look', 'l1')] }, done])
  const questions = questionsOf(await go())
  expect(questions).toMatchObject([{ call: 'd1', action: 'danger', summary: 'danger {"path":"a.ts"}', risk: 'high' }])
  answerAll(world, questions)
  // Somebody who may write the document changes what was allowed.
  const forged = JSON.parse(JSON.stringify(world.saved).replace('"path":"a.ts"', '"path":"/etc"')) as World['saved']
  const honest = world.saved
  world.saved = forged
  const again = questionsOf(await go())
  expect(again[0]?.argsHash).not.toBe(questions[0]?.argsHash)
  expect(world.done.size).toBe(0)
  world.saved = honest
  expect(await go()).toEqual({ end: 'done' })
  expect(world.done).toEqual(new Map([['d1', 1]]))
  expect(resultsIn(world.saved.messages)).toEqual({ d1: ['risked'], l1: ['content of a.ts'] })
})

test('[AGT-44] a no is told to the model with its reason, and policy beats a yes', async () => {
  const { world, go } = await bed([{ parts: [call('danger', 'd1')] }, done])
  answerAll(world, questionsOf(await go()), false, 'not on a Friday')
  expect(await go()).toEqual({ end: 'done' })
  expect(resultsIn(world.saved.messages)).toEqual({ d1: ['a person did not allow it: not on a Friday'] })

  const denied = await bed([{ parts: [call('danger', 'd1')] }, done])
  answerAll(denied.world, questionsOf(await denied.go()))
  expect(await denied.go({ judge: () => ({ decision: 'deny', reason: 'plan mode only reads' }) })).toEqual({
    end: 'done',
  })
  expect(resultsIn(denied.world.saved.messages)).toEqual({ d1: ['not allowed: plan mode only reads'] })
  expect(denied.world.done.size).toBe(0)
})

test('[AGT-45] [S241] after 20 rounds a person is asked; each yes gives as many more, and a no ends it', async () => {
  const { world, go } = await bed(({ n }) => ({ parts: [call('look', `l${n}`, `${n}.ts`)] }))
  const first = questionsOf(await go())
  expect(world.saved.usage.rounds).toBe(20)
  expect(first).toMatchObject([{ action: 'rounds', summary: 'Go on, though it has asked the model 20 times' }])
  // Killed or started again meanwhile, it still waits.
  expect(questionsOf(await go())).toEqual(first)
  answerAll(world, first)
  const second = questionsOf(await go())
  expect(world.saved.usage.rounds).toBe(40)
  expect(second[0]?.argsHash).not.toBe(first[0]?.argsHash)
  answerAll(world, second, false)
  expect(await go()).toMatchObject({ end: 'failed', code: 'limit-rounds' })
})

test('[AGT-45] so it is with tokens, money and time', async () => {
  const clock = fakeClock()
  const { world, go } = await bed(
    ({ n }) => {
      clock.advance(60_000)
      return { parts: [call('look', `l${n}`, `${n}.ts`)], usage: { input: 1000, output: 100 } }
    },
    { price: { input: 1000, output: 1000 } },
  )
  const limits = { ...defaultLimits, rounds: 1000 }
  const reasons = async (change: Partial<typeof limits>) => {
    const [question] = questionsOf(await go({ clock, limits: { ...limits, ...change } }))
    return question?.reason
  }
  expect(await reasons({ tokens: 3000, cost: 1000 })).toBe('it has used 3300 tokens')
  expect(await reasons({ cost: 4 })).toBe('it has cost 4.40 dollars')
  expect(await reasons({ cost: 1000, activeMs: 6 * 60_000 })).toBe('it has run for 6 minutes')
  expect(world.saved.usage.rounds).toBe(6)
})

test('[AGT-13] [AGT-46] the same call with the same result three times asks a person; going on counts anew', async () => {
  const { world, go } = await bed(({ n }) => (n < 6 ? { parts: [call('fail', `f${n}`)] } : done))
  const questions = questionsOf(await go())
  expect(questions).toMatchObject([
    { action: 'repeated', reason: 'it has called fail 3 times alike, with the same result' },
  ])
  expect(world.saved.usage.rounds).toBe(3)
  answerAll(world, questions)
  answerAll(world, questionsOf(await go()))
  expect(world.saved.usage.rounds).toBe(6)
  expect(await go()).toEqual({ end: 'done' })
})

test('[AGT-46] calls that come out differently, and a person’s word between them, are progress', async () => {
  const { world, go } = await bed(({ n }) => (n < 4 ? { parts: [call('fail', `f${n}`)] } : done))
  const say = () => world.incoming.push({ id: `m${world.incoming.length}`, text: 'again', delivery: 'steer' })
  const judge = () => {
    say()
    return { decision: 'allow' as const }
  }
  expect(await go({ judge })).toEqual({ end: 'done' })
})

test('[AGT-47] what people send while it runs is heard at the next step, or after the answer, each once', async () => {
  const { world, go } = await bed([{ parts: [call('put', 'p1')] }, done, { parts: [{ text: 'To the queue.' }] }, done])
  const judge = () => {
    world.incoming.push(
      { id: 'q1', text: 'later', delivery: 'queue' },
      { id: 'q2', text: 'later still', delivery: 'queue' },
    )
    world.incoming.push({ id: 's1', text: 'use tabs', delivery: 'steer' })
    return { decision: 'allow' as const }
  }
  expect(await go({ judge })).toEqual({ end: 'done' })
  const roles = world.saved.messages.map(({ role, content }) => (role === 'user' ? content : role))
  expect(roles).toEqual([
    'do it',
    'assistant',
    'tool',
    'use tabs',
    'assistant',
    'later',
    'assistant',
    'later still',
    'assistant',
  ])
  expect(world.saved.delivered).toEqual(['s1', 'q1', 'q2'])
  expect(await go({ judge })).toEqual({ end: 'done' })
  expect(world.saved.delivered).toHaveLength(3)
})

test('[AGT-43] results that no model and no document would take are cut in the middle, together too', async () => {
  const parts = Array.from({ length: 10 }, (_, i) => call('look', `l${i}`, `${i}.ts`))
  const { world, go } = await bed([{ parts }, done])
  const tools = processOf({ world, model: scripted('http://127.0.0.1:1') }).tools.map((tool) => ({
    ...tool,
    run: async () => ({ text: `begin${'x'.repeat(300_000)}end`, details: 'y'.repeat(300_000) }),
  }))
  expect(await go({ tools })).toEqual({ end: 'done' })
  expect(JSON.stringify(world.saved.messages[2]).length).toBeLessThan(450_000)
  expect(resultsIn(world.saved.messages).l0?.[0]).toMatch(/^beginx+\n… \d+ characters left out …\nx+end$/)
  expect(JSON.stringify(world.saved.journal)).not.toContain('yyy')
})

test('[AGT-43] of very many calls in one answer the first are made, and the others told to be made again', async () => {
  const parts = Array.from({ length: 40 }, (_, i) => call('put', `p${i}`, `${i}.ts`))
  const { world, go } = await bed([{ parts }, done])
  expect(await go()).toEqual({ end: 'done' })
  expect(world.done.size).toBe(32)
  expect(resultsIn(world.saved.messages).p39?.[0]).toMatch(/^not done: 32 calls/)
})

test('[AGT-50] a result that would fill the window is shortened for the model, and room is made before it is asked', async () => {
  const long = 'x'.repeat(60_000)
  const { world, go } = await bed([{ parts: [call('look', 'l1')], usage: { input: 100, output: 10 } }, done], {
    contextTokens: 8_000,
  })
  const tools = processOf({ world, model: scripted('http://127.0.0.1:1') }).tools.map((tool) => ({
    ...tool,
    run: async () => ({ text: long }),
  }))
  expect(await go({ tools })).toEqual({ end: 'done' })
  expect(resultsIn(world.saved.messages).l1).toEqual([long])
  expect(Math.max(...(server?.log ?? []).map(({ body }) => JSON.stringify(body.messages).length))).toBeLessThan(
    4 * 8_000,
  )
})

test('[AGT-25] messages that no provider would take are said to be so, and not asked again and again', async () => {
  const { world, go } = await bed([done])
  world.saved = { ...world.saved, messages: [{ role: 'user', content: [{ type: 'nonsense' }] }] as never }
  expect(await go()).toMatchObject({ end: 'failed', code: 'model-refused' })
})

test('[AGT-48] what passes is tried again when the provider wants it, and people see until when', async () => {
  const clock = fakeClock(1_000_000)
  const busy: Turn = { status: 429, headers: { 'retry-after': '7' }, message: 'slow down sk-secret' }
  const { world, go } = await bed([busy, { ...done, cutAfter: 1 }, done])
  const waits: unknown[] = []
  const told: RunPorts['told'] = {
    ...processOf({ world, model: scripted('http://127.0.0.1:1') }).told,
    retryAt: (wait) => {
      waits.push(wait)
      // Once it waits.
      if (wait) queueMicrotask(() => clock.advance(wait.until - clock.now()))
    },
  }
  const redact = (text: string) => text.replace('sk-secret', '[key]')
  expect(await go({ clock, told, redact })).toEqual({ end: 'done' })
  expect(waits[0]).toEqual({ until: 1_007_000, attempt: 1, reason: 'slow down [key]' })
  expect(waits).toHaveLength(4)
  expect(world.saved.messages).toHaveLength(2)
})

test('[AGT-48] what lasts too long for a slot is slept over; what never passes is said', async () => {
  const clock = fakeClock(0)
  const { go } = await bed([{ status: 429, headers: { 'retry-after': '3600' }, message: 'the limit of this hour' }])
  expect(await go({ clock })).toEqual({ end: 'parked', until: 3_600_000, reason: 'the limit of this hour' })
  const { go: again, world } = await bed(() => ({ status: 500, message: 'out of order' }))
  const retryAt: RunPorts['told']['retryAt'] = (wait) => {
    if (wait) queueMicrotask(() => clock.advance(60_000))
  }
  const told = { ...processOf({ world, model: scripted('http://127.0.0.1:1') }).told, retryAt }
  expect(await again({ clock, told })).toEqual({ end: 'failed', code: 'model-down', reason: 'out of order' })
  expect(server?.log).toHaveLength(6)
})

test('[AGT-49] without a key, or with a wrong one, a person is asked for it and the run waits', async () => {
  const refused: Turn = { status: 401, message: 'Incorrect API key' }
  const { world, go } = await bed([refused, refused, done])
  const missing = questionsOf(
    await go({ openModel: async () => ({ needsKey: 'openai has no key: OPENAI_API_KEY is not set' }) }),
  )
  expect(missing).toMatchObject([{ action: 'key', summary: 'Try again: openai has no key: OPENAI_API_KEY is not set' }])
  answerAll(world, missing)
  const wrong = questionsOf(await go())
  expect(wrong).toMatchObject([{ action: 'key', reason: 'Incorrect API key' }])
  answerAll(world, wrong)
  expect(await go()).toEqual({ end: 'done' })
})

test('[AGT-50] a window that fills up is emptied of old results first, then of old talk, and nothing of it is lost', async () => {
  const long = 'x'.repeat(6_000)
  const { world, go } = await bed(
    ({ body, n }) => {
      if (JSON.stringify(body.messages?.[0]).includes('Sum up a talk'))
        return { parts: [{ text: 'SUMMARY: a.ts is put' }] }
      const usage = { input: Math.round(JSON.stringify(body.messages).length / 4), output: 10 }
      return n < 24
        ? { parts: [{ text: long.slice(0, 1500) }, call('look', `l${n}`, `${n}.ts`)], usage }
        : { ...done, usage }
    },
    { contextTokens: 12_000 },
  )
  const tools = processOf({ world, model: scripted('http://127.0.0.1:1') }).tools.map((tool) =>
    tool.name === 'look' ? { ...tool, run: async () => ({ text: long }) } : tool,
  )
  expect(await go({ tools, limits: { ...defaultLimits, rounds: 60 } })).toEqual({ end: 'done' })
  const asked = (server?.log ?? []).map(({ body }) => JSON.stringify(body.messages))
  const firstWith = (words: string) => asked.findIndex((text) => text.includes(words))
  expect(firstWith('left out to make room')).toBeGreaterThan(3)
  expect(firstWith('A summary of all that came before')).toBeGreaterThan(firstWith('left out to make room'))
  expect(world.saved.progress.summary?.text).toBe('SUMMARY: a.ts is put')
  expect(Math.max(...asked.map((text) => text.length / 4))).toBeLessThan(12_000)
  // Nothing that was said is lost: it only goes to the model no more.
  expect(Object.values(resultsIn(world.saved.messages)).every(([text]) => text === long)).toBe(true)
})

test('[AGT-51] what is too much for the model is summed up once and asked again; twice is said', async () => {
  const overflow: Turn = { status: 400, message: 'prompt is too long' }
  const rounds: Turn[] = [{ parts: [call('look', 'l1')] }, { parts: [call('look', 'l2', 'b.ts')] }]
  const { world, go } = await bed([...rounds, overflow, { parts: [{ text: 'so far: l1, l2' }] }, done])
  expect(await go()).toEqual({ end: 'done' })
  expect(world.saved.progress.summary).toMatchObject({ text: 'so far: l1, l2' })
  const { messages } = bodyOf(4)
  expect(messages[1]?.content).toContain('so far: l1, l2')
  const twice = await bed([...rounds, overflow, { parts: [{ text: 'so far' }] }, overflow])
  expect(await twice.go()).toMatchObject({ end: 'failed', code: 'model-overflow' })
})

test('[AGT-52] an answer that was cut off is gone on with, and a call that was is made smaller', async () => {
  const { world, go } = await bed([
    { parts: [{ text: 'half' }], finish: 'length' },
    { parts: [{ tool: 'put', id: 'p1', raw: '{"path": "a' }], finish: 'length' },
    done,
  ])
  expect(await go()).toEqual({ end: 'done' })
  expect(JSON.stringify(bodyOf(1).messages.at(-1))).toContain('Go on from there')
  expect(resultsIn(world.saved.messages).p1?.[0]).toMatch(/write less at once$/)
})

test('[AGT-27] [S261] stopped by a person while it speaks, what it had said stays', async () => {
  const stop = new AbortController()
  const { world, go } = await bed([
    { parts: [{ text: 'a long answer '.repeat(9) }], pace: (n) => (n > 2 ? new Promise(() => {}) : undefined) },
  ])
  const { told } = processOf({ world, model: scripted('http://127.0.0.1:1') })
  const text = () => stop.abort('cancelled')
  expect(await go({ signal: stop.signal, told: { ...told, text } })).toEqual({ end: 'stopped' })
  expect(lastText(world)).toContain('a long answer')
  expect(world.saved.messages).toHaveLength(2)
})

test('[AGT-27] [AGT-53] stopped by a person while a tool runs, every call is answered and none begins any more', async () => {
  const stop = new AbortController()
  const { world, go } = await bed([{ parts: [call('send', 's1'), call('send', 's2')] }, done])
  const tools = processOf({ world, model: scripted('http://127.0.0.1:1') }).tools.map((tool) =>
    tool.name === 'send'
      ? { ...tool, run: () => (stop.abort('cancelled'), Promise.reject(new Error('ended by the signal'))) }
      : tool,
  )
  expect(await go({ signal: stop.signal, tools })).toEqual({ end: 'stopped' })
  expect(resultsIn(world.saved.messages)).toEqual({
    s1: ['stopped; it may be done in part'],
    s2: ['a person stopped the run before this was done'],
  })
})

test('[AGT-53] where the process ends, what was not begun is left for the next one', async () => {
  const stop = new AbortController()
  const { world, go } = await bed([{ parts: [call('put', 'p1'), call('put', 'p2')] }, done])
  const judge: RunPorts['judge'] = ({ id }) => {
    if (id === 'p2') stop.abort('stopped')
    return { decision: 'allow' }
  }
  expect(await go({ signal: stop.signal, judge })).toEqual({ end: 'stopped' })
  expect(world.done).toEqual(new Map([['p1', 1]]))
  expect(await go()).toEqual({ end: 'done' })
  expect(world.done).toEqual(
    new Map([
      ['p1', 1],
      ['p2', 1],
    ]),
  )
})

test('[AGT-54] once the run may be another’s, nothing of it has an effect', async () => {
  const { world, model, go } = await bed([{ parts: [call('send', 's1')] }, done])
  const { store } = processOf({ world, model })
  const save: typeof store.save = (change) =>
    change.journal?.s1 ? Promise.reject(new Error('another daemon has it')) : store.save(change)
  await expect(go({ store: { ...store, save } })).rejects.toThrow('another daemon has it')
  expect(world.done.size).toBe(0)
})

test('[AGT-21] [AGT-11] no key that a tool or a provider says comes into what is kept', async () => {
  const { world, go } = await bed([
    { parts: [call('look', 'l1', 'sk-secret-1')] },
    { status: 400, message: 'bad sk-secret-1' },
  ])
  const redact = (text: string) => text.replaceAll('sk-secret-1', '[key]')
  expect(await go({ redact })).toEqual({ end: 'failed', code: 'model-refused', reason: 'bad [key]' })
  expect(resultsIn(world.saved.messages)).toEqual({ l1: ['content of [key]'] })
})
