import {
  AuthorsAnswer,
  AuthorsRequest,
  ChangesAnswer,
  ChangesRequest,
  CheckpointList,
  Checkpoint,
  DiffAnswer,
  FindAnswer,
  FindRequest,
  HistoryPage,
  Id,
  NewCheckpoint,
  RestoreAnswer,
  RestoreRequest,
  RevertRequest,
  TandemError,
  docPath,
  parseDocPath,
  parsePath,
  type DocKind,
} from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { AskedVersion } from './versions.ts'
import { requireRole } from './who.ts'

const tag = 'History'
const Path = z.string().min(1).max(4_096)
const HistoryQuery = z.object({
  path: Path.optional().describe('Only this file, or what is in this folder.'),
  file: Id.optional().describe('Only this file, by its id.'),
  author: Id.optional(),
  cursor: z.coerce.number().int().nonnegative().optional().describe('Where the page before ended.'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('About so many steps.'),
})
const DiffQuery = z.object({
  from: AskedVersion,
  to: AskedVersion.default('head'),
  path: Path.optional().describe('A file: then line by line. Or a folder.'),
  file: Id.optional(),
})

/** `GET …/history`: what happened, newest first. `POST …/history/find`: whether a text ever was what a file said. */
export const historyRoute = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>()
    .get(
      '/',
      describe({
        tag,
        summary: 'What happened, in steps, newest first',
        query: HistoryQuery,
        answers: { 200: HistoryPage },
        errors: ['not-found'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { path, ...query } = readValue(c.req.query(), HistoryQuery)
        const page = await deps.history.page({ ...query, path: path === undefined ? undefined : parsePath(path) })
        c.header('tandem-version', String(page.version))
        return c.json<HistoryPage>(page)
      },
    )
    .post(
      '/find',
      describe({
        tag,
        summary: 'Which of these contents a file ever had',
        more: 'With the newest version that had it. `sha256` is that of the text with line feeds alone. The search goes backwards and ends at a bound: what is not found may be older than that, or thinned out.',
        body: FindRequest,
        answers: { 200: FindAnswer },
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { texts } = await readBody(c, FindRequest)
        return c.json<FindAnswer>({ found: await deps.history.find(texts, c.req.raw.signal) })
      },
    )

/** `GET …/diff`: what differs between two versions. */
export const diffRoute = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({
      tag,
      summary: 'What differs between two versions',
      query: DiffQuery,
      answers: { 200: DiffAnswer },
      errors: ['not-found', 'too-large'],
    }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const { from, to, path, file } = readValue(c.req.query(), DiffQuery)
      const { versions } = deps.history
      const between = { from: versions.resolve(from), to: versions.resolve(to) }
      const files = await deps.history.diff({
        ...between,
        file,
        path: path === undefined ? undefined : parsePath(path),
      })
      return c.json<DiffAnswer>({ ...between, files })
    },
  )

/** `POST …/authors`: whose Yjs client ids these are. `POST …/authors/changes`: whose single changes are. */
export const authorsRoute = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>()
    .post(
      '/',
      describe({
        tag,
        summary: 'Whom Yjs client ids belong to',
        body: AuthorsRequest,
        answers: { 200: AuthorsAnswer },
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { clients } = await readBody(c, AuthorsRequest)
        return c.json<AuthorsAnswer>({ authors: deps.history.authors(clients) })
      },
    )
    .post(
      '/changes',
      describe({
        tag,
        summary: 'Whose single changes of a conversation, its comments or a review are',
        more: '`doc` is as `chat/<id>`. `isVia`: it came by somebody else, and nobody knows whether it is theirs. What the server does not have is absent.',
        body: ChangesRequest,
        answers: { 200: ChangesAnswer },
        errors: ['not-found'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { doc, changes } = await readBody(c, ChangesRequest)
        const ref = parseDocPath(doc)
        if (!ref || !writtenByPeople.has(ref.kind))
          throw new TandemError('not-found', { reason: 'there is no such document', doc })
        return c.json<ChangesAnswer>({ changes: await deps.history.changes(docPath(ref), changes) })
      },
    )

/** Who reads the workspace may know whose each of these is. */
const writtenByPeople: ReadonlySet<DocKind> = new Set(['chat', 'comments', 'review'])

const named = ({ principal, name }: Caller) => ({ id: principal, name })

/** `…/checkpoints`: versions with a name. */
export function checkpointRoutes(deps: HttpDeps): Hono<Env> {
  const { audit, history } = deps
  return new Hono<Env>()
    .get(
      '/',
      describe({ tag, summary: 'Versions with a name, newest first', answers: { 200: CheckpointList } }),
      requireRole(deps, 'viewer'),
      async (c) => c.json({ checkpoints: await history.checkpoints.list() }),
    )
    .post(
      '/',
      describe({
        tag,
        summary: 'Give a version a name',
        more: 'Without `version`, to the newest. It is kept whatever else of the past is thinned out.',
        body: NewCheckpoint,
        answers: { 201: Checkpoint },
        errors: ['not-found', 'too-large', 'store-failed', 'disk-full'],
      }),
      requireRole(deps, 'editor'),
      async (c) => {
        const made = await history.checkpoints.make(await readBody(c, NewCheckpoint), named(c.var.caller))
        const { id, name, seq } = made
        audit.add({ actor: made.by, action: 'checkpoint.made', object: id, details: { name, version: seq } })
        return c.json<Checkpoint>(made, 201)
      },
    )
    .delete(
      '/:id',
      describe({
        tag,
        summary: 'Take a version’s name away',
        answers: { 204: 'nothing' },
        errors: ['not-found', 'store-failed', 'disk-full'],
      }),
      requireRole(deps, 'editor'),
      async (c) => {
        const { id, name, seq } = await history.checkpoints.remove(c.req.param('id'))
        const { principal: actor } = c.var.caller
        audit.add({ actor, action: 'checkpoint.removed', object: id, details: { name, version: seq } })
        return c.body(null, 204)
      },
    )
}

const ofWriting = ['not-found', 'conflict', 'too-large', 'store-failed', 'disk-full'] as const

/** `POST …/restore` and `POST …/revert`. */
export function restoreRoutes(deps: HttpDeps): Hono<Env> {
  const { audit, history } = deps
  const editor = requireRole(deps, 'editor')
  return new Hono<Env>()
    .post(
      '/restore',
      describe({
        tag,
        summary: 'Bring files back as they were',
        more: 'As a new change, which `undo` of the answer takes back by `POST …/revert`. Without `paths` and `files`, the whole workspace. Either all of it is done or nothing.',
        body: RestoreRequest,
        answers: { 200: RestoreAnswer },
        errors: ofWriting,
      }),
      editor,
      async (c) => {
        const { principal: actor } = c.var.caller
        const request = await readBody(c, RestoreRequest)
        const answer = await history.restore(request, named(c.var.caller))
        const details = { restored: request.version, version: answer.version, files: answer.files.length }
        audit.add({ actor, action: 'history.restore', object: 'files', details })
        return c.json<RestoreAnswer>(answer)
      },
    )
    .post(
      '/revert',
      describe({
        tag,
        summary: 'Take back what happened between two versions',
        more: 'What came later stays; where it cannot be told apart both are kept, and `conflicts` names the file.',
        body: RevertRequest,
        answers: { 200: RestoreAnswer },
        errors: ofWriting,
      }),
      editor,
      async (c) => {
        const { principal: actor } = c.var.caller
        const request = await readBody(c, RevertRequest)
        const answer = await history.revert(request, named(c.var.caller))
        const { from, to } = request
        audit.add({
          actor,
          action: 'history.revert',
          object: 'files',
          details: { from, to, version: answer.version, files: answer.files.length },
        })
        return c.json<RestoreAnswer>(answer)
      },
    )
}
