import { z } from 'zod'
import { TandemError } from '../base/errors.ts'
import { isId, type Id } from '../base/ids.ts'

/**
 * Which document of a workspace (architecture §3). One writer role per kind, because that is what the sync server can
 * enforce: see `mayWrite`.
 */
export type DocRef =
  | { kind: 'files' | 'ops' | 'skills' | 'presence' }
  | { kind: 'file'; fileId: Id }
  | { kind: 'comments'; fileId: Id }
  | { kind: 'requests'; principal: Id; session: Id }
  | { kind: 'tasks'; rotation: number }
  | { kind: 'log' | 'tty'; taskId: Id; attempt: number }
  | { kind: 'chat'; conversationId: Id }
  | { kind: 'run' | 'review'; runId: Id }
  | { kind: 'daemon'; daemonId: Id }
  | { kind: 'user'; userId: Id }

export type DocKind = DocRef['kind']

/** The document's place: the epoch changes when a server's data is recreated, so two histories never meet in one text. */
export type DocPlace = { workspaceId: Id; epoch: Id }
export type DocAddress = DocPlace & { doc: DocRef }

/** `ws/<workspaceId>/<epoch>/<doc>`. */
export const docName = ({ workspaceId, epoch }: DocPlace, doc: DocRef): string =>
  `ws/${workspaceId}/${epoch}/${docPath(doc)}`

/** The part of a name behind the epoch, such as `file/01J…` or `log/01J….2`. */
export function docPath(doc: DocRef): string {
  switch (doc.kind) {
    case 'files':
    case 'ops':
    case 'skills':
    case 'presence':
      return doc.kind
    case 'file':
    case 'comments':
      return `${doc.kind}/${doc.fileId}`
    case 'requests':
      return `requests/${doc.principal}/${doc.session}`
    case 'tasks':
      return doc.rotation === 0 ? 'tasks' : `tasks@${doc.rotation}`
    case 'log':
    case 'tty':
      return `${doc.kind}/${doc.taskId}.${doc.attempt}`
    case 'chat':
      return `chat/${doc.conversationId}`
    case 'run':
    case 'review':
      return `${doc.kind}/${doc.runId}`
    case 'daemon':
      return `daemon/${doc.daemonId}`
    case 'user':
      return `user/${doc.userId}`
    default:
      return doc satisfies never
  }
}

/** Reads a name; undefined where it is not one of ours. */
export function parseDocName(name: string): DocAddress | undefined {
  const [ws, workspaceId, epoch, ...rest] = name.split('/')
  if (ws !== 'ws' || !isId(workspaceId) || !isId(epoch)) return undefined
  const doc = parseDocPath(rest.join('/'))
  return doc && { workspaceId, epoch, doc }
}

/** Reads what `docPath` wrote; undefined where it is none. */
export function parseDocPath(path: string): DocRef | undefined {
  const [kind, id, session, ...more] = path.split('/')
  if (more.length > 0) return undefined
  if (id === undefined) {
    if (kind === 'files' || kind === 'ops' || kind === 'skills' || kind === 'presence') return { kind }
    const rotation = /^tasks(?:@([1-9]\d{0,8}))?$/.exec(kind ?? '')
    return rotation ? { kind: 'tasks', rotation: Number(rotation[1] ?? 0) } : undefined
  }
  if (kind === 'requests') return isId(id) && isId(session) ? { kind, principal: id, session } : undefined
  if (session !== undefined) return undefined
  if (kind === 'log' || kind === 'tty') {
    const [, taskId, attempt] = /^(\w{26})\.([1-9]\d{0,8})$/.exec(id) ?? []
    return isId(taskId) ? { kind, taskId, attempt: Number(attempt) } : undefined
  }
  if (!isId(id)) return undefined
  switch (kind) {
    case 'file':
    case 'comments':
      return { kind, fileId: id }
    case 'chat':
      return { kind, conversationId: id }
    case 'run':
    case 'review':
      return { kind, runId: id }
    case 'daemon':
      return { kind, daemonId: id }
    case 'user':
      return { kind, userId: id }
    default:
      return undefined
  }
}

/** As `parseDocName`, but throws `not-found`. */
export function requireDocName(name: string): DocAddress {
  const address = parseDocName(name)
  if (!address) throw new TandemError('not-found', { reason: 'there is no such document', name: name.slice(0, 200) })
  return address
}

/** A document name as zod sees it, for messages that carry one. */
export const DocName = z
  .string()
  .max(400)
  .refine((s) => parseDocName(s) !== undefined, 'not a document name')
