import { z } from 'zod'
import { errorTable, type TandemError } from '../base/errors.ts'
import { Id } from '../base/ids.ts'
import { Claims, Role, ShownName } from './access.ts'
import { SandboxTier } from './sandbox.ts'

/** `GET /api/health` */
export const Health = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  version: z.string(),
  /** A browser can sign in at this provider: `/api/v1/oidc/login`, with `?invite=` where there is one. */
  oidc: z.object({ name: z.string() }).optional(),
})
export type Health = z.infer<typeof Health>

/**
 * `POST /api/v1/session`: a key, a sign-in link or an invite becomes an HttpOnly cookie. With an invite a new person says
 * their name; somebody signed in joins as who they are. `DELETE` signs out.
 */
export const SessionRequest = z.union([
  z.object({ token: z.string().min(1).max(300) }),
  z.object({ invite: z.string().min(1).max(300), name: ShownName.min(1).optional() }),
])
export const SessionAnswer = z.object({ principal: Id, name: z.string() })
export type SessionAnswer = z.infer<typeof SessionAnswer>

/** `POST /api/v1/session/link`, by API key: a token for `POST /api/v1/session` that signs one browser in, once. */
export const SignInLink = z.object({
  token: z.string(),
  /** Server's time, ms. */
  expiresAt: z.number(),
})
export type SignInLink = z.infer<typeof SignInLink>

/** `GET /api/v1/workspaces` */
export const WorkspaceInfo = z.object({
  id: Id,
  name: z.string(),
  epoch: Id,
  generation: z.int(),
  seq: z.int(),
  role: Role,
})
export type WorkspaceInfo = z.infer<typeof WorkspaceInfo>
export const WorkspaceList = z.object({ workspaces: z.array(WorkspaceInfo) })

/**
 * `POST /api/v1/workspaces/:ws/access-token`, by cookie or `Authorization: Bearer <API key>`. A daemon names itself
 * (its id is then bound to the token); a tab names its session. The token lives 300 s [S48]; fetch anew at 80 %.
 */
export const AccessTokenRequest = z.object({
  session: Id,
  name: ShownName.optional(),
  /** `shared`: beside other daemons that say so too; without it the workspace is this daemon's alone [S311]. */
  daemon: z.object({ id: Id, name: ShownName, shared: z.boolean().default(false) }).optional(),
})
export type AccessTokenRequest = z.infer<typeof AccessTokenRequest>
export const AccessToken = z.object({
  token: z.string(),
  /** Server's time, ms. */
  expiresAt: z.number(),
  serverTime: z.number(),
  claims: Claims,
  workspace: WorkspaceInfo,
})
export type AccessToken = z.infer<typeof AccessToken>

/**
 * `GET …/daemons`: the daemons that serve the workspace now. `DELETE …/daemons/:id/lease`, by the key of the account
 * the daemon belongs to: it does not any more.
 */
export const DaemonList = z.object({
  daemons: z.array(
    z.object({
      id: Id,
      name: z.string(),
      shared: z.boolean(),
      /** Server's time, ms. */
      since: z.number(),
      connected: z.boolean(),
      /** How far the walls around its commands hold, once it has said so. */
      sandbox: SandboxTier.optional(),
    }),
  ),
})
export type DaemonList = z.infer<typeof DaemonList>

/** RFC 9457 problem details, the shape of every REST error. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  hint: z.string().optional(),
  errors: z.array(z.string()).optional(),
})
export type Problem = z.infer<typeof Problem>

/** What is told of an error over HTTP, in one shape everywhere. */
export function problemFor({ code, message, details: { errors } }: TandemError): Problem {
  const { http: status, hint } = errorTable[code]
  return {
    // No page describes each code: the code itself is what programs ask for, the hint what people read.
    type: 'about:blank',
    title: code.replaceAll('-', ' '),
    status,
    code,
    detail: message,
    hint,
    ...(Array.isArray(errors) && { errors: errors.map(String) }),
  }
}

/** `tandem up --json` prints one such line when everything is ready (architecture §13). */
export const Ready = z.object({
  url: z.string(),
  apiUrl: z.string(),
  token: z.string(),
  workspaceId: Id,
  folder: z.string(),
  dataDir: z.string(),
  pid: z.int(),
})
export type Ready = z.infer<typeof Ready>
