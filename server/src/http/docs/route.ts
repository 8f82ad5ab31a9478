import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import type { Env } from '../deps.ts'
import { describe } from '../describe.ts'
import { openApiOf } from '../openapi.ts'
import { docsPage } from './page.ts'
import { style } from './style.ts'

/** It runs no script at all, and loads nothing: its one style is known by its hash. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** `GET /docs`. `app` is asked at the first request, when every route is there. */
export function docsRoute(app: () => Pick<Hono<Env>, 'routes'>, version: string): Hono<Env> {
  let made: string | undefined
  return new Hono<Env>().get(
    '/',
    describe({ tag: 'About', summary: 'This page', answers: { 200: 'html' }, open: true }),
    async (c) => {
      made ??= (await docsPage(openApiOf(app(), version))).toString()
      c.header('content-security-policy', contentSecurityPolicy)
      c.header('x-content-type-options', 'nosniff')
      c.header('referrer-policy', 'no-referrer')
      return c.html(made)
    },
  )
}
