import { Id, TandemError } from '@tandem/shared'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { checkConditions } from './conditions.ts'
import type { Current } from './content.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import type { FileVerbs } from './file-verbs.ts'
import { readBody, readValue } from './problem.ts'
import { rawAnswer, rawAnswers, rawHeaders } from './raw-answer.ts'
import { requireRole } from './who.ts'

const ListQuery = z.object({
  prefix: z.string().max(4_096).optional().describe('Only what is in this folder.'),
  cursor: z.string().max(8_000).optional().describe('Where the page before ended.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
})
const DeleteQuery = z.object({
  recursive: z.stringbool().default(false).describe('A folder goes with all that is in it.'),
})
const PostQuery = z.object({ op: z.enum(['edit', 'move']).describe('What to do; the body is that of the two.') })
const Edit = z.object({
  search: z.string().min(1).describe('The text to replace, as often as `count` says.'),
  replace: z.string(),
  count: z.int().positive().default(1),
})
const Move = z.object({ to: z.string().describe('The new path.') })

const Version = z.int().nonnegative()
const FileList = z.object({
  version: Version,
  files: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      id: Id,
      kind: z.enum(['text', 'blob', 'dir', 'symlink']),
      size: z.number().optional().describe('Bytes, as last seen on a disk.'),
      hash: z.string().optional().describe('Of what is not text: the SHA-256 of its content.'),
      changed: Version.optional().describe('The version with which its text last changed.'),
    }),
  ),
  cursor: z.string().optional().describe('Ask for the next page with it; absent at the end.'),
})
type FileList = z.infer<typeof FileList>
const Written = z.object({ version: Version })
const Changed = z.object({ version: Version, files: z.int().describe('How many files it was.') })
const Posted = z.union([Written, Changed])

const conditions = {
  'if-match': 'The ETag of what is there, or *; a key must send this or the next.',
  'if-none-match': '* for a file that must not be there yet.',
}
const ofPaths = ['path-invalid', 'path-outside-workspace', 'path-protected', 'not-found'] as const
const ofWriting = ['conflict', 'precondition-failed', 'too-large', 'store-failed', 'disk-full'] as const

/** The file's path in the address, as it was meant before it was encoded; `%2F` is a slash like any other. */
export function pathOf(c: Context<Env>): string {
  const [, raw] = /^(?:\/api\/v1\/workspaces\/[^/]+\/files|\/files?)\/(.*)$/.exec(new URL(c.req.url).pathname) ?? []
  try {
    return decodeURIComponent(raw ?? '')
  } catch (e) {
    throw new TandemError('bad-request', { reason: 'the address is not well encoded' }, e)
  }
}

/** `…/files`: which files there are. */
export const fileListRoute = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'Files', summary: 'List files', query: ListQuery, answers: { 200: FileList } }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const { cursor = '', limit, prefix } = readValue(c.req.query(), ListQuery)
      const page = await deps.verbs.list({ after: cursor, limit, prefix })
      c.header('tandem-version', String(page.version))
      return c.json<FileList>(page)
    },
  )

/** `…/files/<path>`: for scripts; raw bytes in and out, versions and content hashes as ETags. */
export function fileRoutes(deps: HttpDeps): Hono<Env> {
  const { verbs } = deps
  const viewer = requireRole(deps, 'viewer')
  const editor = requireRole(deps, 'editor')
  return new Hono<Env>()
    .get(
      '/*',
      describe({
        tag: 'Files',
        summary: 'Read a file',
        headers: rawHeaders,
        answers: rawAnswers,
        errors: [...ofPaths, 'range-invalid'],
      }),
      viewer,
      async (c) => {
        // Taken before the content: what is read is at least as new as this.
        c.header('tandem-version', String(verbs.version()))
        return rawAnswer(deps, c, await verbs.raw(pathOf(c)))
      },
    )
    .put(
      '/*',
      describe({
        tag: 'Files',
        summary: 'Create or replace a file',
        more: 'A text is cut down to the smallest edits, so that what others type meanwhile stays. What is no text replaces what is there.',
        headers: conditions,
        body: 'bytes',
        answers: { 200: Written, 201: Written },
        errors: [...ofPaths, ...ofWriting, 'precondition-required'],
      }),
      editor,
      async (c) => {
        const body = new Uint8Array(await c.req.arrayBuffer())
        const { created, version, etag } = await verbs.put(pathOf(c), body, c.var.caller, (now) =>
          checkConditions(c, now),
        )
        return written(c, { version }, created ? 201 : 200, etag)
      },
    )
    .delete(
      '/*',
      describe({
        tag: 'Files',
        summary: 'Delete a file or folder',
        query: DeleteQuery,
        headers: conditions,
        answers: { 200: Changed },
        errors: [...ofPaths, ...ofWriting, 'precondition-required'],
      }),
      editor,
      async (c) => {
        const { recursive } = readValue(c.req.query(), DeleteQuery)
        const check = (now: Current) => checkConditions(c, now)
        return written(c, await verbs.remove(pathOf(c), recursive, c.var.caller, check))
      },
    )
    .post(
      '/*',
      describe({
        tag: 'Files',
        summary: 'Edit a file by search and replace, or move a file or folder',
        more: 'An edit happens only where the text is there as often as expected; a move never lands on another file.',
        query: PostQuery,
        headers: { 'if-match': 'The ETag of what is there: the edit or move happens only then.' },
        body: z.union([Edit, Move]),
        answers: { 200: Posted },
        errors: [...ofPaths, ...ofWriting],
      }),
      editor,
      async (c) => {
        const { op } = readValue(c.req.query(), PostQuery)
        return op === 'edit' ? editFile(c, verbs, pathOf(c)) : moveFile(c, verbs)
      },
    )
}

/** The founding documents' addresses, for the only workspace: `/files` and `/file/<path>` [S208-S212]. */
export function foundingFileRoutes(deps: HttpDeps): Hono<Env> {
  return new Hono<Env>()
    .post(
      '/file/:path{.+}/edit',
      describe({
        tag: 'Files',
        summary: 'Edit a file by search and replace',
        headers: { 'if-match': 'The ETag of what is there: the edit happens only then.' },
        body: Edit,
        answers: { 200: Written },
        errors: [...ofPaths, ...ofWriting],
      }),
      requireRole(deps, 'editor'),
      // With `op` it is the other address, of a file that is called so.
      (c, next) =>
        c.req.query('op') === undefined ? editFile(c, deps.verbs, pathOf(c).replace(/\/edit$/, '')) : next(),
    )
    .route('/file', fileRoutes(deps))
    .route('/files', fileListRoute(deps))
}

async function editFile(c: Context<Env>, verbs: FileVerbs, path: string): Promise<Response> {
  const body = await readBody(c, Edit)
  const { version, etag } = await verbs.edit(path, body, c.var.caller, (now) =>
    checkConditions(c, now, { optional: true }),
  )
  return written(c, { version }, 200, etag)
}

async function moveFile(c: Context<Env>, verbs: FileVerbs): Promise<Response> {
  const { to } = await readBody(c, Move)
  const check = (now: Current) => checkConditions(c, now, { optional: true })
  return written(c, await verbs.move(pathOf(c), to, c.var.caller, check))
}

function written(c: Context<Env>, answer: { version: number }, status: 200 | 201 = 200, etag?: string): Response {
  if (etag !== undefined) c.header('etag', etag)
  c.header('tandem-version', String(answer.version))
  return c.json(answer, status)
}
