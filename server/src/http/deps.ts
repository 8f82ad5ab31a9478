import type { Clock, Id, Log, Settings, Task } from '@tandem/shared'
import type { Member, Records, RequestBody } from '@tandem/shared/docs'
import type { z } from 'zod'
import type { Account, ApiKeys } from '../auth/api-keys.ts'
import type { DaemonBindings } from '../auth/daemons.ts'
import type { Members } from '../auth/members.ts'
import type { OriginCheck } from '../auth/origin.ts'
import type { Sessions } from '../auth/sessions.ts'
import type { SignInLinks } from '../auth/sign-in-links.ts'
import type { Tokens } from '../auth/tokens.ts'
import type { Audit } from '../store/audit.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Refusals } from '../store/refusals.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Documents } from '../sync/documents.ts'

/** What of the referee's service the routes need. */
export type Requests = {
  tasks: Records<Task>
  ask(by: Member, session: Id, body: z.input<typeof RequestBody>): Promise<Id>
  show(member: Member): Promise<void>
  creationWaitMs(by: Id): number
}

/** What the routes are built on. */
export type HttpDeps = {
  workspace: Workspace
  settings: Settings
  updates: UpdateLog
  documents: Documents
  keys: ApiKeys
  sessions: Sessions
  links: SignInLinks
  tokens: Tokens
  daemons: DaemonBindings
  members: Members
  /** Tasks, and asking for them in someone's name. */
  requests: Requests
  audit: Audit
  refusals: Refusals
  checkOrigin: OriginCheck
  /** The built client; undefined where it was not built. */
  clientDir: string | undefined
  /** Names this process's own requests document. */
  session: Id
  clock: Clock
  log: Log
  version: string
  /** Aborts when the server stops: streams end then. */
  signal: AbortSignal
}

/** Who asks, and how they showed it. */
export type Caller = Account & { by: 'cookie' | 'key' | 'token'; daemon: boolean; keyId?: Id }

export type Env = { Variables: { caller: Caller } }
