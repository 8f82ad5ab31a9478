import { Health } from '@tandem/shared'
import { Hono } from 'hono'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'

/** `GET /api/health`: ready or not, and why. Needs no key. */
export const healthRoute = ({ updates, oidc, version }: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'About', summary: 'Ready or not, and why', answers: { 200: Health, 503: Health }, open: true }),
    (c) => {
      const failure = updates.failure()
      const reasons = [
        ...(failure ? [failure.message] : []),
        // One damaged document does not make the others unusable.
        ...damageIn([...updates.damaged().keys()]),
      ]
      return c.json<Health>(
        { ready: !failure, reasons, version, ...(oidc && { oidc: { name: oidc.name } }) },
        failure ? 503 : 200,
      )
    },
  )

/** Documents by name, the first few; of records, which may name what is nobody's business, only how many. */
function damageIn(places: readonly string[]): string[] {
  const records = places.filter((place) => place.startsWith('record '))
  const docs = places.filter((place) => !place.startsWith('record '))
  const more = docs.length > 5 ? ` and ${docs.length - 5} more` : ''
  return [
    ...(docs.length > 0 ? [`damaged and not to be opened: ${docs.slice(0, 5).join(', ')}${more}`] : []),
    ...(records.length > 0 ? [`${records.length} stored records are damaged: see the server's log`] : []),
  ]
}
