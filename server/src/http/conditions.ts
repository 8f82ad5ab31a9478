import { TandemError } from '@tandem/shared'
import type { Context } from 'hono'
import { etagOf } from './content.ts'
import type { Env } from './deps.ts'

/**
 * `If-Match` and `If-None-Match: *` against the content as it stands (undefined: no file). A script must say which of
 * the two it means, so that it never overwrites what it has not seen; a signed-in page may leave it out.
 */
export function checkConditions(c: Context<Env>, current: Uint8Array | undefined, { optional = false } = {}): void {
  const match = c.req.header('if-match')
  const noneMatch = c.req.header('if-none-match')
  const refuse = (reason: string) => new TandemError('precondition-failed', { reason })
  if (match === undefined && noneMatch === undefined) {
    if (optional || c.var.caller.by === 'cookie') return
    throw new TandemError('precondition-required', { reason: 'say what you mean to replace' })
  }
  if (noneMatch === '*' && current) throw refuse('the file exists already')
  if (match === undefined) return
  if (!current) throw refuse('there is no such file')
  const tags = match.split(',').map((tag) => tag.trim())
  if (!tags.includes('*') && !tags.includes(etagOf(current))) throw refuse('the file is not as you last saw it')
}
