import { Id, TandemError } from '@tandem/shared'
import { DaemonPresence, WorkspaceStatus, openDaemon } from '@tandem/shared/docs'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createOpsLook } from './ops.ts'
import { requireRole } from './who.ts'

/** How a workspace stands, in the founding words [S67] [S93], with what they come from. */
export const WorkspaceState = z.object({
  workspaceId: Id,
  status: WorkspaceStatus.describe('Whether a daemon serves a folder of it, and whether that is in step.'),
  version: z.int().nonnegative(),
  writable: z.boolean().describe('False while the server cannot write to its disk.'),
  daemons: z.array(DaemonPresence),
})
export type WorkspaceState = z.infer<typeof WorkspaceState>

/** Asks how the workspace stands now. */
export function createWorkspaceState({ workspace, documents, updates }: HttpDeps): () => Promise<WorkspaceState> {
  const ops = createOpsLook({ documents })
  const saidBy = (daemonId: Id) =>
    documents.peek({ kind: 'daemon', daemonId }, (doc) => openDaemon(doc).snapshot().workspaceStatus)
  return async () => {
    const daemons = [...(await ops()).daemons.snapshot().values()]
    const online = daemons.filter(({ connection }) => connection === 'online')
    const said = await Promise.all(online.map(({ id }) => saidBy(id)))
    const status = online.length === 0 ? 'disconnected' : said.includes('syncing') ? 'syncing' : 'connected'
    const writable = updates.failure() === undefined
    return { workspaceId: workspace.id, status, version: updates.head(), writable, daemons }
  }
}

/** `GET …/status` [S67]. */
export const statusRoute = (deps: HttpDeps, state: () => Promise<WorkspaceState>): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'Workspaces', summary: 'How the workspace stands', answers: { 200: WorkspaceState } }),
    requireRole(deps, 'viewer'),
    async (c) => {
      // Under the founding address nobody else has looked which workspace is meant.
      const asked = c.req.param('ws')
      if (asked !== deps.workspace.id) throw new TandemError('not-found', { reason: 'there is no such workspace' })
      return c.json<WorkspaceState>(await state())
    },
  )
