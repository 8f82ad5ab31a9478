import { TandemError } from '@tandem/shared'
import { Hono } from 'hono'
import { rawBlob } from './content.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { rawAnswer, rawAnswers, rawHeaders } from './raw-answer.ts'
import type { TaskLook } from './task-view.ts'
import { requireRole } from './who.ts'

/** `…/tasks/:id/artifacts/<path>`: the files that were kept of a task, as its result names them. */
export function taskArtifactRoutes(deps: HttpDeps, { findAny }: Pick<TaskLook, 'findAny'>): Hono<Env> {
  return new Hono<Env>().get(
    '/:id/artifacts/:path{.+}',
    describe({
      tag: 'Tasks',
      summary: 'Download a file that a task was to keep',
      headers: rawHeaders,
      answers: rawAnswers,
      errors: ['not-found', 'range-invalid'],
    }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const { result } = await findAny(c.req.param('id'))
      const path = c.req.param('path')
      const blob = result?.artifacts?.find((each) => each.path === path)?.blob
      if (blob === undefined) throw new TandemError('not-found', { reason: 'the task kept no file of this name' })
      const raw = await rawBlob(deps.outputs, blob)
      if (!raw) throw new TandemError('not-found', { reason: 'this file is not on the server any more' })
      const name = encodeURIComponent(path.slice(path.lastIndexOf('/') + 1)).replaceAll("'", '%27')
      const answer = rawAnswer(deps, c, raw)
      answer.headers.set('content-disposition', `attachment; filename*=UTF-8''${name}`)
      return answer
    },
  )
}
