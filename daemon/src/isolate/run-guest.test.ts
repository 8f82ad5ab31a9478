import { PassThrough } from 'node:stream'
import { systemClock } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import { buildEnv } from './env.ts'
import { maxLine } from './messages.ts'
import type { Guest } from './hear.ts'
import { runGuest, type RunOptions } from './run-guest.ts'
import { createScratch } from './scratch.ts'

/** A guest of which the test says every word. */
function setUp({ memory = 0, ...more }: { memory?: number } & Partial<RunOptions> = {}) {
  const over = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>()
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const end = (code: number | null, signal: NodeJS.Signals | null = null) => {
    output.end()
    over.resolve({ code, signal })
  }
  const guest: Guest = {
    pid: 1,
    input,
    output,
    errors,
    memory: () => memory,
    kill: () => end(null, 'SIGKILL'),
    exit: over.promise,
  }
  const onPrepared = vi.fn()
  const run = runGuest(guest, {
    modules: { main: { code: 'a' } },
    typed: true,
    env: buildEnv({ files: createScratch(), props: { execution: 'x' }, maxCalls: 10, asked: ['ECHO'] }),
    limits: { cpuMs: 1_000, memMb: 1 },
    wallMs: 1_000,
    maxMemory: 100,
    signal: new AbortController().signal,
    clock: fakeClock(),
    onLog: () => {},
    onPrepared,
    ...more,
  })
  const say = (message: unknown) => output.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`)
  return {
    run,
    say,
    end,
    errors,
    onPrepared,
    heard: () =>
      String(input.read() ?? '')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
  }
}
const done = { t: 'done', value: '1' }

test('[SBX-124] [SBX-99] whatever is no word of a guest’s ends it, and is no result', async () => {
  const forged = [
    'no json\n',
    '{"t":"boo"}\n',
    '{"t":"log","level":"shout","text":""}\n',
    '{"t":"done","value":1}\n',
    '"\n',
    '[]\n',
    `${'x'.repeat(maxLine + 1)}`,
  ]
  for (const words of forged) {
    const { run, say } = setUp()
    say({ t: 'ready' })
    say(words)
    expect([words.slice(0, 40), await run]).toMatchObject([
      words.slice(0, 40),
      { error: { category: 'unknown', message: expect.stringContaining('must not') } },
    ])
  }
})

test('[SBX-98] a guest that makes up a call is answered as anybody is', async () => {
  const { run, say, heard } = setUp()
  say({ t: 'call', n: 1, binding: 'BASH', method: 'exec', args: '["id"]' })
  say({ t: 'call', n: 2, binding: 'ECHO', method: 'ping', args: '[]' })
  const answers: object[] = []
  await vi.waitFor(() => {
    answers.push(...heard())
    expect(answers).toEqual([
      expect.objectContaining({ t: 'run' }),
      { t: 'answer', n: 1, ok: false, text: 'there is no such binding' },
      { t: 'answer', n: 2, ok: true, text: '"pong"' },
    ])
  })
  say(done)
  expect(await run).toEqual({ value: '1' })
})

test('[SBX-119] [SBX-101] a result that is no JSON, or too deep to be read, is none', async () => {
  for (const [value, words] of [
    ['{', 'no JSON'],
    ['['.repeat(300) + ']'.repeat(300), 'nested more than 200 deep'],
    ['"[[[["', undefined],
  ] as const) {
    const { run, say } = setUp()
    say({ t: 'done', value })
    expect(await run).toEqual(
      words === undefined ? { value } : { error: { category: 'runtime', message: expect.stringContaining(words) } },
    )
  }
})

test('[S156] its word for how modules are without types is taken once, before anything ran, and for those it was given', async () => {
  const prepared = (name: string) => ({ t: 'prepared', modules: { [name]: { code: 'b' } } })
  for (const [words, times] of [
    [[prepared('main'), prepared('main')], 1],
    [[prepared('other')], 0],
    [[{ t: 'log', level: 'log', text: '' }, prepared('main')], 0],
  ] as const) {
    const { run, say, onPrepared } = setUp()
    for (const word of words) say(word)
    say(done)
    await run
    expect(onPrepared).toHaveBeenCalledTimes(times)
  }
})

test('[S166] [S167] [S168] it is ended at its time, its memory, and when it is cancelled; and what ended it is told', async () => {
  const clock = fakeClock()
  const late = setUp({ clock })
  clock.advance(1_000)
  expect(await late.run).toMatchObject({ error: { category: 'timeout', message: 'it did not end within 1 s' } })
  expect(await setUp({ memory: 101, clock: systemClock }).run).toMatchObject({ error: { category: 'memory' } })
  expect(await setUp({ signal: AbortSignal.abort() }).run).toMatchObject({ error: { category: 'cancelled' } })
  for (const [code, category] of [
    [152, 'timeout'],
    [137, 'timeout'],
    [134, 'memory'],
    [9, 'unknown'],
  ] as const) {
    const { run, say, end } = setUp()
    say({ t: 'ready' })
    end(code)
    expect([code, await run]).toMatchObject([code, { error: { category } }])
  }
})

test('[SBX-203] one that never began says why, as a sandbox that is not there', async () => {
  const { run, end, errors } = setUp()
  errors.write('bwrap: no permissions\n')
  await new Promise(setImmediate)
  end(1)
  await expect(run).rejects.toMatchObject({
    code: 'sandbox-unavailable',
    message: expect.stringContaining('no permissions'),
  })
})
