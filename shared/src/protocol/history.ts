import { z } from 'zod'
import { Id } from '../base/ids.ts'

/**
 * What caused a change, beyond who made it: the task or agent run whose effect on the disk it is, or the version it
 * brings back. A daemon that imports while several tasks run names none: what is not known is not guessed.
 */
export const Cause = z.object({
  task: Id.optional(),
  run: Id.optional(),
  restoredFrom: z.int().nonnegative().optional(),
})
export type Cause = z.infer<typeof Cause>

/** Who stands behind a change: a person, the disk of a machine (a daemon), an agent's run, or the server itself. */
export const Author = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(['person', 'disk', 'agent', 'server']),
  cause: Cause.optional(),
})
export type Author = z.infer<typeof Author>

/** Times in all of history are the server's, ms; `seq` is the workspace's version number. */
const Seq = z.int().nonnegative()

/** One file in a step of history: what became of it. `path` is its path after the step, `from` the one before a move. */
export const FileChange = z.object({
  fileId: Id,
  path: z.string(),
  change: z.enum(['created', 'edited', 'moved', 'deleted', 'restored']),
  from: z.string().optional(),
})
export type FileChange = z.infer<typeof FileChange>

/**
 * A step: what one author did without a long pause, for one cause. `seq` is the version after it, `before` the version
 * before it: content at `seq` and at `before` differ by it, and by what others did meanwhile.
 */
export const Step = z.object({
  seq: Seq,
  before: Seq,
  from: z.number(),
  to: z.number(),
  author: Author,
  /** How many entries of the log it gathers. */
  entries: z.int().positive(),
  /** At most fifty; `more` counts the rest. */
  files: z.array(FileChange),
  more: z.int().nonnegative().default(0),
})
export type Step = z.infer<typeof Step>

/** `GET …/history?path=&file=&author=&cursor=&limit=`: newest first. `cursor` asks for what is older; absent at the end. */
export const HistoryPage = z.object({ version: Seq, steps: z.array(Step), cursor: z.string().optional() })
export type HistoryPage = z.infer<typeof HistoryPage>

/**
 * `POST …/history/find`: which of these contents a file's document ever had, for whoever holds a copy and has forgotten
 * of what. `sha256` is that of the whole text (LF only, as UTF-8), in hexadecimal.
 */
export const FindRequest = z.object({
  texts: z.array(z.object({ file: Id, sha256: z.string().regex(/^[0-9a-f]{64}$/) })).max(200),
})
export type FindRequest = z.infer<typeof FindRequest>
export const FindAnswer = z.object({ found: z.array(z.object({ file: Id, seq: Seq, at: z.number() })) })
export type FindAnswer = z.infer<typeof FindAnswer>

/** `GET …/versions/:seq/files`: which files there were. `:seq` may be `head`. */
export const VersionFiles = z.object({
  version: Seq,
  files: z.array(z.object({ id: Id, path: z.string(), kind: z.string(), size: z.number().optional() })),
})
export type VersionFiles = z.infer<typeof VersionFiles>

/** `GET …/diff?from=&to=&path=`: `hunks` of a text by lines, numbers from 1; without `path` or `file`, only which files differ. */
export const DiffLine = z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })
export const DiffHunk = z.object({ fromLine: z.int(), toLine: z.int(), lines: z.array(DiffLine) })
export const FileDiff = z.object({
  fileId: Id,
  path: z.string(),
  change: FileChange.shape.change,
  from: z.string().optional(),
  added: z.int(),
  removed: z.int(),
  hunks: z.array(DiffHunk).optional(),
})
export type FileDiff = z.infer<typeof FileDiff>
export const DiffAnswer = z.object({ from: Seq, to: Seq, files: z.array(FileDiff) })
export type DiffAnswer = z.infer<typeof DiffAnswer>

/**
 * `GET …/versions/:seq/blame/<path>`: the text cut into runs by who wrote them, in order; `length` counts UTF-16 units.
 * `author` is a place in `authors`; `via` names who passed the run on without being its author, which is then unverified.
 */
export const BlameRun = z.object({
  length: z.int().positive(),
  author: z.int().nonnegative(),
  seq: Seq.optional(),
  at: z.number().optional(),
  via: z.int().nonnegative().optional(),
})
export type BlameRun = z.infer<typeof BlameRun>
export const Blame = z.object({ version: Seq, path: z.string(), authors: z.array(Author), runs: z.array(BlameRun) })
export type Blame = z.infer<typeof Blame>

/** `POST …/authors`: whom Yjs client ids belong to, for a page that blames its own live copy. Unknown ids are absent. */
export const AuthorsRequest = z.object({ clients: z.array(z.int().nonnegative()).max(2_000) })
export const AuthorsAnswer = z.object({
  authors: z.array(z.object({ client: z.int(), author: Author, since: z.number().optional() })),
})
export type AuthorsAnswer = z.infer<typeof AuthorsAnswer>

/**
 * `POST …/authors/changes`: whose single changes of a document are, for whoever acts on what stands there. `isVia`: it came
 * by somebody else, and nobody knows whether it is theirs. What the server does not have is absent.
 */
export const ChangesRequest = z.object({
  doc: z.string().max(200),
  changes: z.array(z.object({ client: z.int().nonnegative(), clock: z.int().nonnegative() })).max(2_000),
})
export const ChangesAnswer = z.object({
  changes: z.array(z.object({ client: z.int(), clock: z.int(), author: Author, isVia: z.boolean() })),
})
export type ChangesAnswer = z.infer<typeof ChangesAnswer>

/**
 * `POST …/restore`: brings files back as they were at `version`, as a new change. Without `paths` and `files` it is the
 * whole workspace. `POST …/revert`: takes back what happened between two versions and keeps what came later.
 */
export const RestoreRequest = z.object({
  version: Seq,
  paths: z.array(z.string()).max(10_000).optional(),
  files: z.array(Id).max(10_000).optional(),
})
export type RestoreRequest = z.infer<typeof RestoreRequest>
export const RevertRequest = z.object({
  from: Seq,
  to: Seq,
  paths: z.array(z.string()).max(10_000).optional(),
  files: z.array(Id).max(10_000).optional(),
})
export type RevertRequest = z.infer<typeof RevertRequest>
/** `undo` is the body of a `POST …/revert` that takes this back. `conflicts` names files where both sides were kept. */
export const RestoreAnswer = z.object({
  version: Seq,
  files: z.array(FileChange),
  conflicts: z.array(z.string()).default([]),
  undo: RevertRequest.optional(),
  checkpoint: Id.optional(),
})
export type RestoreAnswer = z.infer<typeof RestoreAnswer>

/** A version with a name, in the `ops` document: made by a person, or by itself before a restore or an agent's run. */
export const Checkpoint = z.object({
  id: Id,
  name: z.string().min(1).max(120),
  seq: Seq,
  at: z.number(),
  by: Id,
  byName: z.string().max(80),
  kind: z.enum(['manual', 'restore', 'run']),
  run: Id.optional(),
})
export type Checkpoint = z.infer<typeof Checkpoint>
/** `POST …/checkpoints`; without `version`, as the workspace stands. */
export const NewCheckpoint = z.object({
  name: z.string().trim().min(1).max(120),
  version: Seq.optional(),
  kind: z.enum(['manual', 'run']).default('manual'),
  run: Id.optional(),
})
export const CheckpointList = z.object({ checkpoints: z.array(Checkpoint) })
