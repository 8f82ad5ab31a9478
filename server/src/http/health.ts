import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { Health } from '@tandem/shared'
import type { Env, HttpDeps } from './deps.ts'

const answer = (description: string) => ({ description, content: { 'application/json': { schema: Health } } })
const health = createRoute({
  method: 'get',
  path: '/',
  responses: { 200: answer('Ready.'), 503: answer('Not ready, and why.') },
})

/** `GET /api/health`: ready or not, and why. Needs no key. */
export const healthRoute = ({ updates, version }: HttpDeps): OpenAPIHono<Env> =>
  new OpenAPIHono<Env>().openapi(health, (c) => {
    const failure = updates.failure()
    const damaged = updates.damaged().size
    const reasons = [
      ...(failure ? [failure.message] : []),
      // One damaged document does not make the others unusable.
      ...(damaged > 0 ? [`${damaged} documents are damaged and cannot be opened`] : []),
    ]
    return c.json({ ready: !failure, reasons, version }, failure ? 503 : 200)
  })
