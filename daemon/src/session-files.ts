import { FindAnswer, type Clock, type Id, type Log, type Settings } from '@tandem/shared'
import { createBlobs } from './link/blobs.ts'
import { createBulk } from './link/bulk.ts'
import type { Attached } from './link/documents.ts'
import { onReturn, type Channel } from './link/hello.ts'
import { persistently } from './link/persistently.ts'
import { createWriters, type Writers } from './link/writers.ts'
import type { Workspace } from './mirror/ports.ts'
import { createOffLimits } from './sandbox/off-limits.ts'
import type { Policy } from './sandbox/policy.ts'
import { secretNames } from './sandbox/secrets.ts'
import type { SessionLink } from './session-link.ts'
import { createTree, type Tree } from './tree/tree.ts'
import { openWorkspace } from './workspace.ts'

type FilesOptions = {
  link: SessionLink
  daemonId: Id
  /** The daemon's own document, with the channel on it. */
  self: Attached
  channel: Channel
  index: Attached
  /** Whether other mirrors share the workspace now, or did a while ago. */
  hasOthers: () => boolean
  policy: Policy
  settings: Settings
  clock: Clock
  log: Log
}

/**
 * The workspace's files for the two of us that write them: the mirror, and tasks that write in the documents themselves.
 * Each writes under ids of its own, for a change that both make would be given one number twice.
 */
export function openSessionFiles({
  link,
  daemonId,
  self,
  channel,
  index,
  hasOthers,
  policy,
  settings,
  clock,
  log,
}: FilesOptions): { workspace: Workspace; writers: Writers; tree: Tree } {
  const { place, documents, call } = link
  const persist = persistently({ clock, log })
  const writersFor = (shares: () => boolean): Writers => {
    const made = createWriters((clients, task) => channel.send({ t: 'writes-as', clients, cause: { task } }), shares)
    // What was said may have been lost with a connection.
    onReturn(self, made.declareAgain)
    return made
  }
  const workspaceOf = (writers: Writers) =>
    openWorkspace({
      place,
      daemonId,
      documents,
      index,
      bulk: createBulk({ call: (route, init) => call(`/bulk/${route}`, init), persist }),
      blobs: createBlobs({ call, persist }),
      find: async (texts, s) => {
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ texts }),
        }
        const answer = await persist(() => call('/history/find', { ...init, signal: s }), s)
        return FindAnswer.parse(await answer.json()).found.map(({ file }) => file)
      },
      writers,
      openFeed: (since, s) => call(`/feed${since === undefined ? '' : `?since=${since}`}`, { signal: s }),
      deadMs: settings.deadMs,
      clock,
      log,
    })
  const writers = writersFor(hasOthers)
  const ofTasks = writersFor(() => false)
  const tree = createTree({
    documents: { ...workspaceOf(ofTasks), begin: ofTasks.begin },
    hides: secretNames(policy.sandbox.hide),
    mayNotWrite: createOffLimits(policy.sandbox.protect),
    maxTextBytes: settings.maxTextBytes,
    maxBlobBytes: settings.maxBlobBytes,
    clock,
  })
  return { workspace: workspaceOf(writers), writers, tree }
}
