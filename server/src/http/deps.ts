import type { Clock, Id, Log, Settings, Task } from '@tandem/shared'
import type { Member, Records, RequestBody } from '@tandem/shared/docs'
import type { z } from 'zod'
import type { Access } from '../auth/access.ts'
import type { Account, Scopes, Via } from '../auth/account.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { DaemonBindings } from '../auth/daemons.ts'
import type { DaemonLease } from '../auth/daemon-lease.ts'
import type { Invites } from '../auth/invites.ts'
import type { Members } from '../auth/members.ts'
import type { Oidc } from '../auth/oidc.ts'
import type { OriginCheck } from '../auth/origin.ts'
import type { Pairings } from '../auth/pairings.ts'
import type { Sessions } from '../auth/sessions.ts'
import type { SignInLinks } from '../auth/sign-in-links.ts'
import type { Tokens } from '../auth/tokens.ts'
import type { Users } from '../auth/users.ts'
import type { History } from '../history/history.ts'
import type { Audit } from '../store/audit.ts'
import type { BlobStore, PassingBlobs } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Refusals } from '../store/refusals.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Documents } from '../sync/documents.ts'
import type { Socket } from '../sync/socket.ts'
import type { FileVerbs } from './file-verbs.ts'
import type { Streams } from './stream.ts'

/** What of the referee's service the routes need. */
export type Requests = {
  tasks: Records<Task>
  ask(by: Member, session: Id, body: z.input<typeof RequestBody>): Promise<Id>
  showMembers(): Promise<void>
  creationWaitMs(by: Id, key?: Id): number
  countCreation(key: Id): void
  archived(id: Id): Promise<Task | undefined>
  archivedBefore(id?: Id): AsyncIterable<Task>
  archivedWith(by: Id, idempotencyKey: string): Promise<Task | undefined>
}

/** What the routes are built on. */
export type HttpDeps = {
  workspace: Workspace
  settings: Settings
  updates: UpdateLog
  blobs: BlobStore
  /** What tasks left: their whole output, and files they were to keep. */
  outputs: PassingBlobs
  documents: Documents
  verbs: FileVerbs
  keys: ApiKeys
  sessions: Sessions
  links: SignInLinks
  tokens: Tokens
  daemons: DaemonBindings
  lease: DaemonLease
  /** Undefined where nobody signs in so. */
  oidc: Oidc | undefined
  members: Members
  users: Users
  invites: Invites
  pairings: Pairings
  access: Access
  /** Tasks, and asking for them in someone's name. */
  requests: Requests
  history: History
  audit: Audit
  refusals: Refusals
  checkOrigin: OriginCheck
  /** Where people open the page; known once the server listens. */
  publicUrl(): string
  /** The sockets that are open. */
  sockets(): Iterable<Socket>
  /** The built client; undefined where it was not built. */
  clientDir: string | undefined
  /** Names this process's own requests document. */
  session: Id
  clock: Clock
  log: Log
  version: string
  /** Aborts when the server stops: streams end then. */
  signal: AbortSignal
  /** What each caller has open of those. */
  streams: Streams
}

/** Who asks, how they showed it, and what that is good for now. */
export type Caller = Account & {
  by: 'cookie' | 'key' | 'token'
  daemon: boolean
  via: Via
  scopes: Scopes
  /** When what they showed ends by itself, ms. */
  expiresAt: number | undefined
  /** The workspaces it is for; undefined for all. */
  workspaces: readonly Id[] | undefined
}

export type Env = { Variables: { caller: Caller } }
