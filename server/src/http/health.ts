import { Health } from '@tandem/shared'
import { Hono } from 'hono'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'

/** `GET /api/health`: ready or not, and why. Needs no key. */
export const healthRoute = ({ updates, version }: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'About', summary: 'Ready or not, and why', answers: { 200: Health, 503: Health }, open: true }),
    (c) => {
      const failure = updates.failure()
      const damaged = updates.damaged().size
      const reasons = [
        ...(failure ? [failure.message] : []),
        // One damaged document does not make the others unusable.
        ...(damaged > 0 ? [`${damaged} documents are damaged and cannot be opened`] : []),
      ]
      return c.json<Health>({ ready: !failure, reasons, version }, failure ? 503 : 200)
    },
  )
