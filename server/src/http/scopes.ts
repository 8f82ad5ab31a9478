import { TandemError, type Scope } from '@tandem/shared'
import type { Caller } from './deps.ts'

type Needs = { read: Scope | undefined; write: Scope | undefined }

const files: Needs = { read: 'read', write: 'files:write' }
const tasks: Needs = { read: 'read', write: 'tasks:write' }
const people: Needs = { read: 'read', write: 'admin' }

/** Which scope a route needs, by the first word of its address: `undefined` is none beside being signed in. */
const needsByWord: Readonly<Record<string, Needs>> = {
  // What a token may be for depends on what is asked: `Access` decides.
  'access-token': { read: undefined, write: undefined },
  workspaces: { read: undefined, write: undefined },
  session: { read: undefined, write: undefined },
  files,
  file: files,
  bulk: files,
  blobs: files,
  history: files,
  versions: files,
  diff: files,
  blame: files,
  authors: files,
  checkpoints: files,
  restore: files,
  revert: files,
  feed: files,
  events: files,
  status: files,
  tasks,
  execute: tasks,
  chat: tasks,
  conversations: tasks,
  runs: tasks,
  daemons: { read: 'read', write: 'daemon' },
  // A yes is a person's, or of a key that may do everything: one that asks for tasks does not allow them too.
  approvals: people,
  members: people,
  keys: people,
}

/** What is in no table is for keys that may do everything. */
const unknown: Needs = { read: 'admin', write: 'admin' }

/** Requests that ask by POST, since what they ask for is long. */
const asksByPost = new Set(['/bulk/read', '/blobs/missing', '/history/find', '/authors', '/authors/changes'])

/** The scope that a key needs for a request; undefined where any will do. */
export function scopeFor(method: string, path: string): Scope | undefined {
  const inWorkspace = path.replace(/^(?:\/api)?(?:\/v1)?(?:\/workspaces\/[^/]+(?=\/))?/, '')
  const [, word = '', second = ''] = inWorkspace.split('/')
  const reads = method === 'GET' || method === 'HEAD' || asksByPost.has(inWorkspace)
  if (word === 'cockpit') {
    if (second === 'tasks' && !reads) return 'tasks:write'
    if (second === 'alerts' && !reads) return 'alerts:ack'
    return second === 'agents' ? 'agents:read' : reads ? 'cockpit:read' : 'admin'
  }
  return (Object.hasOwn(needsByWord, word) ? (needsByWord[word] ?? unknown) : unknown)[reads ? 'read' : 'write']
}

/** Throws `forbidden` where the caller's key is not for this. */
export function requireScope({ scopes }: Pick<Caller, 'scopes'>, scope: Scope | undefined): void {
  if (scope === undefined || scopes.has(scope)) return
  throw new TandemError('forbidden', { reason: `this needs a key with the scope ${scope}`, scope })
}
