import { Id, TandemError, TaskInput } from '@tandem/shared'
import { Approval } from '@tandem/shared/docs'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createOpsLook } from './ops.ts'
import { readBody, readValue } from './problem.ts'
import { requireRole } from './who.ts'

const tag = 'Approvals'

const When = z.string().describe('ISO 8601.')
const { title, payload, timeoutMs, artifacts } = TaskInput.shape
/** A question to people, with all that a yes allows. */
const ApprovalView = z.object({
  ...Approval.shape,
  createdAt: When,
  decidedAt: When.optional(),
  expiresAt: When,
  asks: z
    .object({ title, payload, timeoutMs, artifacts, createdBy: Id, createdByName: z.string() })
    .optional()
    .describe('What the task is to do, as long as it is listed.'),
})
type ApprovalView = z.infer<typeof ApprovalView>

const Query = z.object({ state: Approval.shape.state.optional() })
const ApprovalList = z.object({ approvals: z.array(ApprovalView) })
const comment = z.string().max(500).optional().describe('Kept with the answer; of a no it is the reason.')
const Yes = z.object({
  comment,
  scope: Approval.shape.scope.describe('How far it reaches; `once`, for this task, where nothing is said.'),
})
const No = z.object({ comment })

/** `…/approvals`: what waits for a person's yes, and answering it as the page does. */
export function approvalRoutes(deps: HttpDeps): Hono<Env> {
  const { requests, session } = deps
  const ops = createOpsLook(deps)
  const runner = requireRole(deps, 'runner')
  const view = ({ createdAt, decidedAt, expiresAt, ...approval }: Approval): ApprovalView => ({
    ...approval,
    createdAt: iso(createdAt),
    decidedAt: decidedAt === undefined ? undefined : iso(decidedAt),
    expiresAt: iso(expiresAt),
    // Of the task what is asked alone.
    asks: ApprovalView.shape.asks.parse(requests.tasks.get(approval.subject.task)),
  })
  const find = async (id: string): Promise<Approval> => {
    const { data } = Id.safeParse(id)
    const known = data && (await ops()).approvals.get(data)
    if (!known) throw new TandemError('not-found', { reason: 'there is no such approval', id: id.slice(0, 40) })
    return known
  }
  const app = new Hono<Env>()
    .get(
      '/',
      describe({
        tag,
        summary: 'List what people were asked, newest first',
        query: Query,
        answers: { 200: ApprovalList },
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { state } = readValue(c.req.query(), Query)
        const approvals = [...(await ops()).approvals.snapshot().values()]
          .filter((each) => state === undefined || each.state === state)
          .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        return c.json<z.infer<typeof ApprovalList>>({ approvals: approvals.map(view) })
      },
    )
    .get(
      '/:id',
      describe({ tag, summary: 'Read what people were asked', answers: { 200: ApprovalView }, errors: ['not-found'] }),
      requireRole(deps, 'viewer'),
      async (c) => c.json(view(await find(c.req.param('id')))),
    )
  for (const kind of ['approve', 'reject'] as const) {
    const body = kind === 'approve' ? Yes : No
    app.post(
      `/:id/${kind}`,
      describe({
        tag,
        summary: kind === 'approve' ? 'Say yes' : 'Say no',
        more: 'The first answer counts; a later one is a conflict. The body may be left out.',
        body,
        answers: { 200: ApprovalView },
        errors: ['not-found', 'conflict'],
      }),
      runner,
      async (c) => {
        const { id } = await find(c.req.param('id'))
        const said: z.infer<typeof Yes> = (await c.req.text()) === '' ? {} : await readBody(c, body)
        const { principal, name, role } = c.var.caller
        const answer =
          kind === 'approve'
            ? { kind, approval: id, scope: said.scope, comment: said.comment }
            : { kind, approval: id, reason: said.comment }
        await requests.ask({ id: principal, name, role }, session, answer)
        return c.json(view(await find(id)))
      },
    )
  }
  return app.post(
    '/:id/revoke',
    describe({
      tag,
      summary: 'Take back a yes that reaches further than its task',
      more: 'What was begun by it goes on.',
      answers: { 200: ApprovalView },
      errors: ['not-found', 'conflict'],
    }),
    runner,
    async (c) => {
      const { id } = await find(c.req.param('id'))
      const { principal, name, role } = c.var.caller
      await requests.ask({ id: principal, name, role }, session, { kind: 'revoke', approval: id })
      return c.json(view(await find(id)))
    },
  )
}

const iso = (at: number) => new Date(at).toISOString()
