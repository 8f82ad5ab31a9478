import { Id, isHeld } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createOpsLook } from './ops.ts'
import { requireRole } from './who.ts'

/** A daemon in the founding words [S289]. */
const AgentList = z.object({
  agents: z.array(
    z.object({
      agentId: Id,
      name: z.string(),
      status: z.enum(['busy', 'idle', 'draining', 'offline']),
      connectedAt: z.string().optional().describe('ISO 8601.'),
      lastPingAt: z.string().describe('ISO 8601: when it was last heard.'),
      capabilities: z.array(z.string()),
      slots: z.int().optional().describe('How many tasks it runs at once.'),
      running: z.int().describe('How many it has now.'),
    }),
  ),
  count: z.int(),
})
type AgentList = z.infer<typeof AgentList>

/** `GET /api/cockpit/agents` [S98] [S289]: the daemons of the workspace. */
export function cockpitAgents(deps: HttpDeps): Hono<Env> {
  const { requests, sockets } = deps
  const ops = createOpsLook(deps)
  return new Hono<Env>().get(
    '/',
    describe({ tag: 'Cockpit', summary: 'The agents: every daemon that was here', answers: { 200: AgentList } }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const held = [...requests.tasks.snapshot().values()].filter(({ state }) => isHeld(state))
      const links = [...sockets()].filter(({ who }) => who?.claims.kind === 'daemon')
      const daemons = [...(await ops()).daemons.snapshot().values()]
      const agents = daemons.map(({ id, name, connection, lastSeenAt, draining, slots, capabilities = [] }) => {
        const running = held.filter(({ lease }) => lease?.daemonId === id).length
        const link = links.find(({ who }) => who?.claims.principal === id)?.health()
        const status = connection === 'offline' ? 'offline' : draining ? 'draining' : running > 0 ? 'busy' : 'idle'
        const agent: AgentList['agents'][number] = {
          agentId: id,
          name,
          status,
          ...(link && { connectedAt: new Date(link.openedAt).toISOString() }),
          lastPingAt: new Date(link?.heardAt ?? lastSeenAt).toISOString(),
          capabilities: [...capabilities],
          slots,
          running,
        }
        return agent
      })
      return c.json<AgentList>({ agents, count: agents.length })
    },
  )
}
