import type { ErrorCode } from '@tandem/shared'
import type { MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { Env } from './deps.ts'

/** What a body or an answer is, where it is not JSON. */
export type Media = 'bytes' | 'text' | 'html' | 'events' | 'nothing'

/** What is told of one route: the schemas are the very ones that it parses with. */
export type RouteDoc = {
  /** The heading under which it stands. */
  tag: string
  /** One line. */
  summary: string
  /** What the line does not say. */
  more?: string
  query?: z.ZodObject
  /** Headers that change what is done, and what each is for. */
  headers?: Readonly<Record<string, string>>
  body?: z.ZodType | Media
  answers: Readonly<Record<number, z.ZodType | Media>>
  /** Where the answer is `events`: what each of them is. */
  events?: z.ZodType
  /** Beside those that every route has: of signing in, of bodies and queries, of rates. */
  errors?: readonly ErrorCode[]
  /** Nobody needs to be signed in. */
  open?: true
}

type Described = MiddlewareHandler<Env> & { readonly doc: RouteDoc }

/** First of a route's handlers: does nothing, and says what the route is, for `/api/openapi.json` and `/docs`. */
export const describe = (doc: RouteDoc): Described =>
  Object.assign<MiddlewareHandler<Env>, { doc: RouteDoc }>((_c, next) => next(), { doc })

/** What `describe` said, if that is what this handler is. */
export const docOf = (handler: unknown): RouteDoc | undefined =>
  typeof handler === 'function' && 'doc' in handler ? (handler as Described).doc : undefined
