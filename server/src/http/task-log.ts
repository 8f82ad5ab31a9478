import { note, openTaskLog } from '@tandem/shared/docs'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import type { TaskLook } from './task-view.ts'
import { requireRole } from './who.ts'

const LogQuery = z.object({
  attempt: z.coerce.number().int().nonnegative().optional().describe('Which attempt; the last where none is named.'),
})

/** `…/tasks/:id/log`: what a task has put out. */
export function taskLogRoutes(deps: HttpDeps, { find }: TaskLook): Hono<Env> {
  const { documents } = deps
  return new Hono<Env>().get(
    '/:id/log',
    describe({
      tag: 'Tasks',
      summary: 'Read what a task has put out',
      query: LogQuery,
      answers: { 200: 'text' },
      errors: ['not-found'],
    }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const task = find(c.req.param('id'))
      const { attempt = task.attempt } = readValue(c.req.query(), LogQuery)
      const chunks =
        attempt === 0
          ? []
          : ((await documents.peek({ kind: 'log', taskId: task.id, attempt }, (doc) => openTaskLog(doc).snapshot())) ??
            [])
      const output = Buffer.concat(chunks.filter(({ s }) => s !== note).map(({ d }) => d))
      return c.body(new Uint8Array(output), 200, {
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'tandem-attempt': String(attempt),
      })
    },
  )
}
