import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { Role, ShownName } from './access.ts'

/** What an API key may be used for; a key never allows more than the role of whom it speaks for. */
export const scopes = [
  /** Read files, history, tasks and the documents themselves. */
  'read',
  'files:write',
  'tasks:write',
  'cockpit:read',
  'alerts:ack',
  'agents:read',
  /** Open sockets and speak for a daemon. */
  'daemon',
  /** Members, invites, keys of others, audit. */
  'admin',
] as const
export const Scope = z.enum(scopes)
export type Scope = z.infer<typeof Scope>

/** `GET/PATCH/DELETE …/members[/:id]`, for owners; everyone may read the list. */
export const MemberInfo = z.object({
  id: Id,
  name: z.string(),
  role: Role,
  kind: z.enum(['person', 'daemon', 'program']),
  since: z.number().optional(),
})
export type MemberInfo = z.infer<typeof MemberInfo>
export const MemberList = z.object({ members: z.array(MemberInfo) })
export const MemberPatch = z.object({ role: Role })

/** `POST …/invites`: a link that makes whoever opens it a member. `url` is told once; the server keeps a hash. */
export const NewInvite = z.object({
  role: Role.default('editor'),
  expiresInMs: z
    .int()
    .positive()
    .max(90 * 86_400_000)
    .default(7 * 86_400_000),
  uses: z.int().positive().max(1_000).default(1),
  note: z.string().max(120).optional(),
})
export const InviteInfo = z.object({
  id: Id,
  role: Role,
  expiresAt: z.number(),
  usesLeft: z.int().nonnegative(),
  note: z.string().optional(),
  by: Id,
  createdAt: z.number(),
})
export type InviteInfo = z.infer<typeof InviteInfo>
export const NewInviteAnswer = z.object({ invite: InviteInfo, url: z.string() })
export const InviteList = z.object({ invites: z.array(InviteInfo) })

/** `GET /api/v1/invites/:token`: what a link is for, before it is taken. `POST /api/v1/session` with `{invite, name}` takes it. */
export const InviteLook = z.object({ workspace: z.string(), role: Role, invitedBy: z.string(), expiresAt: z.number() })
export type InviteLook = z.infer<typeof InviteLook>

/** `GET/POST/DELETE …/keys[/:id]`. `key` is shown once. `prefix` is its public part. */
export const KeyInfo = z.object({
  id: Id,
  name: z.string(),
  prefix: z.string(),
  role: Role,
  scopes: z.array(Scope),
  /** Absent: every workspace of this server. */
  workspaces: z.array(Id).optional(),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
  kind: z.enum(['owner', 'own', 'environment', 'paired']),
  principal: Id,
})
export type KeyInfo = z.infer<typeof KeyInfo>
export const KeyList = z.object({ keys: z.array(KeyInfo) })
export const NewKey = z.object({
  name: ShownName.min(1),
  role: Role.default('editor'),
  scopes: z
    .array(Scope)
    .min(1)
    .default([...scopes].filter((s) => s !== 'admin')),
  expiresInMs: z
    .int()
    .positive()
    .max(3_650 * 86_400_000)
    .optional(),
  workspaces: z.array(Id).min(1).optional(),
})
export const NewKeyAnswer = z.object({ key: z.string(), info: KeyInfo })

/** `GET/DELETE /api/v1/sessions[/:id]`: the browsers in which the caller is signed in. */
export const SessionInfo = z.object({
  id: z.string(),
  createdAt: z.number(),
  usedAt: z.number(),
  browser: z.string(),
  current: z.boolean(),
})
export type SessionInfo = z.infer<typeof SessionInfo>
export const SessionList = z.object({ sessions: z.array(SessionInfo) })

/**
 * Pairing, in the words of RFC 8628. A program without a browser asks `POST /api/v1/pairings` for a code, shows it, and
 * polls `POST /api/v1/pairings/token`; a signed-in person reads the code's request (`GET …/pairings/:userCode`) and
 * confirms or refuses it (`POST …/pairings/:userCode` `{approve}`) in the browser.
 */
export const PairingRequest = z.object({ name: ShownName.min(1) })
export const Pairing = z.object({
  deviceCode: z.string(),
  /** Such as `KWPT-3MQX`: no letter that can be taken for another. */
  userCode: z.string(),
  verificationUri: z.string(),
  verificationUriComplete: z.string(),
  expiresAt: z.number(),
  intervalMs: z.number(),
})
export type Pairing = z.infer<typeof Pairing>
export const PairingPoll = z.object({ deviceCode: z.string().max(200) })
export const PairingOutcome = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending'), intervalMs: z.number() }),
  z.object({ state: z.literal('denied') }),
  z.object({ state: z.literal('expired') }),
  z.object({ state: z.literal('approved'), key: z.string(), workspaceId: Id, name: z.string() }),
])
export type PairingOutcome = z.infer<typeof PairingOutcome>
export const PairingLook = z.object({ name: z.string(), address: z.string(), expiresAt: z.number() })
export type PairingLook = z.infer<typeof PairingLook>
export const PairingAnswer = z.object({ approve: z.boolean() })

/** `GET …/audit?cursor=&limit=`, for owners: newest first. `whole` is false where the hash chain does not hold. */
export const AuditLine = z.object({
  n: z.int(),
  at: z.number(),
  actor: z.string(),
  actorName: z.string().optional(),
  action: z.string(),
  object: z.string(),
  details: z.unknown().optional(),
})
export const AuditPage = z.object({
  entries: z.array(AuditLine),
  cursor: z.string().optional(),
  whole: z.boolean().optional(),
})
