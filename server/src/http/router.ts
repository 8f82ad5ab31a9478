import { TandemError } from '@tandem/shared'
import { Hono } from 'hono'
import { approvalRoutes } from './approvals.ts'
import { auditRoute } from './audit.ts'
import { blobRoutes } from './blobs.ts'
import { boundStrangers } from './body.ts'
import { bulkRoutes } from './bulk.ts'
import { clientRoutes } from './client.ts'
import { cockpitRoutes } from './cockpit.ts'
import { daemonRoutes } from './daemons.ts'
import { connectionsRoute } from './connections.ts'
import type { Env, HttpDeps } from './deps.ts'
import { docsRoute } from './docs/route.ts'
import { eventsRoute } from './events.ts'
import { executeRoutes } from './execute.ts'
import { feedRoute } from './feed.ts'
import { fileListRoute, fileRoutes, foundingFileRoutes } from './files.ts'
import { healthRoute } from './health.ts'
import { authorsRoute, checkpointRoutes, diffRoute, historyRoute, restoreRoutes } from './history.ts'
import { inviteLookRoute, inviteRoutes } from './invites.ts'
import { keyRoutes } from './keys.ts'
import { memberRoutes } from './members.ts'
import { openApiRoute } from './openapi.ts'
import { oidcRoutes } from './oidc.ts'
import { pairingRoutes } from './pairings.ts'
import { problemOf } from './problem.ts'
import { boundFailedSignIns, boundRequests } from './rate-limit.ts'
import { sessionRoutes } from './session.ts'
import { sessionListRoutes } from './sessions.ts'
import { createWorkspaceState, statusRoute } from './status.ts'
import { createTaskCreation } from './task-create.ts'
import { taskEventRoutes } from './task-events.ts'
import { createTaskLook } from './task-view.ts'
import { taskRoutes } from './tasks.ts'
import { versionRoutes } from './versions.ts'
import { accessTokenRoute, workspaceList } from './workspaces.ts'

/** All of REST and the page, behind one check of where a request comes from. */
export function createRouter(deps: HttpDeps): Hono<Env> {
  const { workspace, checkOrigin, refusals, log } = deps
  const state = createWorkspaceState(deps)
  const failedSignIns = boundFailedSignIns(deps)
  const look = createTaskLook(deps)
  const create = createTaskCreation(deps)
  const inWorkspace = new Hono<Env>()
    .route('/access-token', accessTokenRoute(deps))
    .route('/daemons', daemonRoutes(deps))
    .route('/feed', feedRoute(deps))
    .route('/bulk', bulkRoutes(deps))
    .route('/blobs', blobRoutes(deps))
    .route('/files', fileListRoute(deps))
    .route('/files', fileRoutes(deps))
    .route('/tasks', taskRoutes(deps, look, create))
    .route('/execute', executeRoutes(deps, look, create))
    .route('/approvals', approvalRoutes(deps))
    .route('/history', historyRoute(deps))
    .route('/versions', versionRoutes(deps))
    .route('/diff', diffRoute(deps))
    .route('/authors', authorsRoute(deps))
    .route('/checkpoints', checkpointRoutes(deps))
    .route('/', restoreRoutes(deps))
    .route('/members', memberRoutes(deps))
    .route('/invites', inviteRoutes(deps))
    .route('/keys', keyRoutes(deps))
    .route('/audit', auditRoute(deps))
    .route('/status', statusRoute(deps, state))
    .route('/events', eventsRoute(deps, state))
    .route('/connections', connectionsRoute(deps))

  const app = new Hono<Env>()
  app.use(async (c, next) => {
    const refused = checkOrigin({ host: c.req.header('host'), origin: c.req.header('origin') })
    if (refused) throw refused
    await next()
  })
  app.onError((thrown, c) => {
    const e = failedSignIns(c, thrown)
    const { status, problem, headers } = problemOf(e, log)
    // A sign-in that failed once too often is told apart, and is a refusal all the same.
    if (status === 401 || status === 403 || e !== thrown) {
      // The secret of an invite stands in its address.
      const path = c.req.path.slice(0, 300).replace(/tdi_[\w-]+/g, 'tdi_…')
      const details = { code: problem.code, detail: problem.detail, method: c.req.method, path }
      refusals.add('http', { actor: c.var.caller?.principal ?? '', object: path, details })
    }
    return c.json(problem, status, headers)
  })
  const rate = boundRequests(deps)
  for (const path of ['/api/*', '/files/*', '/file/*', '/execute']) app.use(path, rate)
  // Those that need nobody signed in; the others read a body once they know whose it is.
  for (const path of ['/api/v1/session/*', '/api/v1/pairings/*']) app.use(path, boundStrangers)
  app.use('/api/v1/workspaces/:ws/*', async (c, next) => {
    if (c.req.param('ws') !== workspace.id) throw new TandemError('not-found', { reason: 'there is no such workspace' })
    await next()
  })
  app.route('/api/health', healthRoute(deps))
  app.route('/api/v1/session', sessionRoutes(deps))
  app.route('/api/v1/sessions', sessionListRoutes(deps))
  app.route('/api/v1/invites', inviteLookRoute(deps))
  app.route('/api/v1/pairings', pairingRoutes(deps))
  if (deps.oidc) app.route('/api/v1/oidc', oidcRoutes(deps, deps.oidc))
  app.route('/api/v1/workspaces', workspaceList(deps))
  app.route('/api/v1/workspaces/:ws', inWorkspace)
  app.route(
    '/api/openapi.json',
    openApiRoute(() => app, deps.version),
  )
  app.route('/api/workspaces/:ws/status', statusRoute(deps, state))
  app.route('/api/cockpit', cockpitRoutes(deps, look, create))
  app.route('/api/tasks', taskEventRoutes(deps, look))
  app.all('/api/*', () => {
    throw new TandemError('not-found', { reason: 'there is no such route' })
  })
  // The founding documents' addresses: the key's only workspace.
  app.route('/', foundingFileRoutes(deps))
  app.route('/execute', executeRoutes(deps, look, create))
  app.route(
    '/docs',
    docsRoute(() => app, deps.version),
  )
  app.route('/', clientRoutes(deps.clientDir))
  return app
}
