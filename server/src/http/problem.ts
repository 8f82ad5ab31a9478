import { TandemError, isTandemError, problemFor, type Log, type Problem } from '@tandem/shared'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from 'zod'

/** RFC 9457: every error of REST in one shape. Unknown ones are logged whole and told in one word. */
export function problemOf(
  e: unknown,
  log: Log,
): { status: ContentfulStatusCode; problem: Problem; headers: Record<string, string> } {
  const error = isTandemError(e) ? e : new TandemError('internal', {}, e)
  if (!isTandemError(e) || e.code === 'internal') log.error('request failed', { error: e })
  const problem = problemFor(error)
  const { retryAfterMs } = error.details
  return {
    status: problem.status as ContentfulStatusCode,
    problem,
    headers: {
      'content-type': 'application/problem+json',
      ...(typeof retryAfterMs === 'number' && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
    },
  }
}

/** Reads a JSON body; throws `bad-request` or `validation-failed` naming the fields. */
export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.infer<S>> {
  let raw: unknown
  try {
    raw = await c.req.json()
  } catch (e) {
    throw new TandemError('bad-request', { reason: 'the body is not JSON' }, e)
  }
  return readValue(raw, schema)
}

/** Parses anything that came from outside; throws `validation-failed` naming the fields. */
export function readValue<S extends z.ZodType>(raw: unknown, schema: S): z.infer<S> {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map((i) => `${i.path.join('.') || 'body'}: ${i.message}`)
  throw new TandemError('validation-failed', { reason: errors[0] ?? 'the request is not valid', errors })
}
