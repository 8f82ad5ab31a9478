import { TandemError } from '@tandem/shared'
import type { Context } from 'hono'
import { names } from './conditions.ts'
import type { Raw } from './content.ts'
import type { Env, HttpDeps } from './deps.ts'
import { streamOf } from './stream.ts'

/** What `rawAnswer` looks at, for the description of a route. */
export const rawHeaders = {
  'if-none-match': 'The ETag of what you have: then 304 where it is the same.',
  range: 'Only these bytes, such as bytes=1000-.',
}
/** What `rawAnswer` answers. */
export const rawAnswers = { 200: 'bytes', 206: 'bytes', 304: 'nothing' } as const

/**
 * A file's bytes, whole or the range that is asked for, in such headers that no browser takes them for a page of ours,
 * whatever they hold. Throws `range-invalid` where the file ends before the range begins.
 */
export function rawAnswer({ streams }: Pick<HttpDeps, 'streams'>, c: Context<Env>, raw: Raw): Response {
  const { etag, size, isText } = raw
  const { from, to, isPart } = rangeIn(c, raw)
  c.header('etag', etag)
  c.header('accept-ranges', 'bytes')
  c.header('content-type', isText ? 'text/plain; charset=utf-8' : 'application/octet-stream')
  if (!isText) c.header('content-disposition', 'attachment')
  c.header('x-content-type-options', 'nosniff')
  c.header('content-security-policy', "default-src 'none'; sandbox")
  if (names(c.req.header('if-none-match') ?? '', { etag })) return c.body(null, 304)
  if (isPart) c.header('content-range', `bytes ${from}-${to - 1}/${size}`)
  c.header('content-length', String(to - from))
  const status = isPart ? 206 : 200
  if (c.req.method === 'HEAD') return c.body(null, status)
  // A slow reader holds a file open.
  const pieces = streams.count(c.var.caller.principal, raw.read(from, to))
  return c.body(
    streamOf(pieces, (piece) => piece),
    status,
  )
}

/** One range is answered; several, or words we do not know, as if nothing had been asked, as HTTP allows. */
function rangeIn(c: Context<Env>, { etag, size }: Raw): { from: number; to: number; isPart: boolean } {
  const all = { from: 0, to: size, isPart: false }
  const condition = c.req.header('if-range')
  if (condition !== undefined && condition !== etag) return all
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(c.req.header('range') ?? '') ?? []
  if (first === '' && last === '') return all
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return all
  if (from < to) return { from, to, isPart: true }
  c.header('content-range', `bytes */${size}`)
  throw new TandemError('range-invalid', { reason: 'the file ends before these bytes', size })
}
