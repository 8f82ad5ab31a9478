import { TandemError } from '@tandem/shared'
import type { Context } from 'hono'
import type { Current } from './content.ts'
import type { Env } from './deps.ts'

/** What a writer says of what it has seen: `If-Match` and `If-None-Match`, as HTTP has them. */
export type Conditions = { match: string | undefined; noneMatch: string | undefined }

/**
 * Holds conditions against what stands there at the moment of writing. A script must say which of the two it means, so
 * that it never overwrites what it has not seen; `optional` where it need not.
 */
export function requireConditions({ match, noneMatch }: Conditions, current: Current, optional: boolean): void {
  const refuse = (reason: string) => new TandemError('precondition-failed', { reason })
  if (match === undefined && noneMatch === undefined) {
    if (optional) return
    throw new TandemError('precondition-required', { reason: 'say what you mean to replace' })
  }
  if (noneMatch !== undefined && names(noneMatch, current)) throw refuse('the file exists already')
  if (match === undefined) return
  if (!current) throw refuse('there is no such file')
  if (!names(match, current)) throw refuse('the file is not as you last saw it')
}

/**
 * The conditions of a request. A signed-in page may leave them out, and so may whatever names the text it means to
 * change (`optional`).
 */
export function checkConditions(c: Context<Env>, current: Current, { optional = false } = {}): void {
  const conditions = { match: c.req.header('if-match'), noneMatch: c.req.header('if-none-match') }
  requireConditions(conditions, current, optional || c.var.caller.by === 'cookie')
}

/** Whether a list of entity tags names what stands there. A weak tag is never equal: it does not speak of bytes. */
export function names(header: string, current: Current): boolean {
  const tags = header.split(',').map((tag) => tag.trim())
  return current !== undefined && (tags.includes('*') || (current.etag !== undefined && tags.includes(current.etag)))
}
