import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createId } from '../base/ids.ts'
import { FromDaemon, parseMessage, ToDaemon, ToEveryone } from './messages.ts'

test('[S58] [S80] [S38] a message that is not what it should be gives issues, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
      for (const schema of [FromDaemon, ToDaemon, ToEveryone]) {
        const r = parseMessage(schema, payload)
        if ('issues' in r) expect(r.issues.length).toBeGreaterThan(0)
      }
    }),
  )
  expect(parseMessage(FromDaemon, '{')).toEqual({ issues: ['not JSON'] })
})

test('[S81] unknown keys are stripped', () => {
  const task = createId()
  expect(
    parseMessage(FromDaemon, JSON.stringify({ t: 'claim', n: 1, task, mono: 2, __proto__x: 1, extra: 2 })),
  ).toEqual({
    message: { t: 'claim', n: 1, task, mono: 2 },
  })
})
