import { TandemError, type Settings } from '@tandem/shared'
import { bodyLimit } from 'hono/body-limit'
import type { MiddlewareHandler } from 'hono'
import type { Env } from './deps.ts'

/** What somebody sends who is nobody yet: a key, an invite, a code. */
const strangersBytes = 64 * 2 ** 10

const atMost = (limit: number): MiddlewareHandler<Env> =>
  bodyLimit({
    maxSize: limit,
    onError: () => {
      throw new TandemError('too-large', { reason: 'the request is too large', limit })
    },
  })

/** For routes that are open to everybody: nobody fills our memory before they have said who they are. */
export const boundStrangers = atMost(strangersBytes)

/** Reads a body to its end before the handler does, throwing `too-large`; `then` is awaited where there was one. */
export function readBodyFirst({ maxMessageBytes }: Settings, then: MiddlewareHandler<Env>): MiddlewareHandler<Env> {
  const bounded = atMost(maxMessageBytes)
  return async (c, next) => {
    // Read already, by another address of the same handler.
    if (c.req.bodyCache.arrayBuffer || c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    return bounded(c, async () => {
      const { byteLength } = await c.req.arrayBuffer()
      await (byteLength > 0 ? then(c, next) : next())
    })
  }
}
