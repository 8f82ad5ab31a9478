import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { talk } from './talk.ts'

test('[SBX-418] of a guest that does not listen so many calls are answered, and the others when it does; it is heard meanwhile', async () => {
  const [input, output] = [new PassThrough({ highWaterMark: 1 }), new PassThrough()]
  let calls = 0
  const answer = JSON.stringify('x'.repeat(100_000))
  const talked = talk(
    { input, output },
    {
      modules: {},
      typed: false,
      env: { methods: {}, call: async () => (calls++, answer) },
      limits: { cpuMs: 1, memMb: 1 },
      onLog: () => {},
      onPrepared: () => {},
    },
  )
  for (let n = 0; n < 500; n++)
    output.write(`${JSON.stringify({ t: 'call', n, binding: 'ECHO', method: 'echo', args: '[]' })}\n`)
  await vi.waitFor(() => expect(calls).toBe(64))
  for (let i = 0; i < 50; i++) await turn()
  expect([calls, output.readableLength]).toEqual([64, 0])
  input.resume()
  await vi.waitFor(() => expect(calls).toBe(500))
  output.write(`${JSON.stringify({ t: 'done', value: '1' })}\n`)
  expect((await talked).parting).toEqual({ said: { t: 'done', value: '1' } })
})
