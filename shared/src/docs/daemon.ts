import type * as Y from 'yjs'
import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { ModelName } from '../protocol/agent.ts'
import { BlobHash } from '../protocol/blobs.ts'
import { SandboxTier } from '../protocol/sandbox.ts'
import { openRecords } from './records.ts'
import { cachedView, type View } from './view.ts'

export const DaemonAbout = z.object({
  v: z.literal(1).default(1),
  id: Id,
  name: z.string(),
  bootId: Id,
  version: z.string(),
  os: z.string(),
  arch: z.string(),
  folder: z.string(),
  slots: z.int(),
  capabilities: z.array(z.string()),
})
export type DaemonAbout = z.infer<typeof DaemonAbout>

/** One version of a file that was put aside: a blob of the server's, so that it can be looked at from anywhere. */
const Side = z.object({ blob: BlobHash, size: z.int().nonnegative() })

/**
 * Where the mirror kept two versions and a person should look. `lines`: both changed the same lines, both are in the
 * text; `unrelated`: two texts at one path whose past nobody knows, the shared one is in place; `blob`: both changed a
 * file that cannot be merged, the shared one is in place; `replaced`: a file was in the way of a shared one.
 */
export const MirrorConflict = z.object({
  id: Id,
  kind: z.enum(['lines', 'unrelated', 'blob', 'replaced']),
  path: z.string(),
  /** The file that is at the path now. */
  file: Id.optional(),
  at: z.number(),
  /** Where the sides lie in the folder: `<record>.disk` and so on, seen by no compiler. */
  record: z.string(),
  /** `merged`: what was made of them then. A side that is too large, or that the server refused, is on disk alone. */
  sides: z.object({ base: Side, disk: Side, remote: Side, merged: Side }).partial(),
})
export type MirrorConflict = z.infer<typeof MirrorConflict>

/** What a person should know of the folder, until it has passed. */
export const MirrorAlert = z.object({
  /** `watch-limit`: the system watches no more directories; `watcher`: the watcher does not work; `clash`: two names that are one elsewhere. */
  kind: z.enum(['watch-limit', 'watcher', 'clash', 'unwritable', 'unreadable', 'refused']),
  path: z.string().optional(),
  says: z.string(),
  fix: z.string().optional(),
  at: z.number(),
})
export type MirrorAlert = z.infer<typeof MirrorAlert>

/** What the mirror asks before it goes on; answered by the request `answer`. So much vanished that it may be a slip. */
export const MirrorQuestion = z.object({
  id: Id,
  kind: z.literal('deletions'),
  count: z.int().positive(),
  total: z.int().positive(),
  /** Some of the paths. */
  examples: z.array(z.string()).max(20),
  at: z.number(),
})
export type MirrorQuestion = z.infer<typeof MirrorQuestion>

/** How the folder and its documents stand. `done`/`total` count files while a phase has an end. */
export const MirrorState = z.object({
  phase: z.enum(['starting', 'scanning', 'seeding', 'importing', 'exporting', 'live', 'halted']),
  reason: z.string().optional(),
  question: MirrorQuestion.optional(),
  done: z.number().optional(),
  total: z.number().optional(),
  /** Bytes of large files on their way, while there are any. */
  bytes: z.object({ done: z.number(), total: z.number() }).optional(),
  files: z.number().default(0),
  /** How changes are noticed; `polling`: by looking at everything each second. */
  watcher: z.enum(['directories', 'chokidar', 'parcel', 'polling']).optional(),
  /** What of the folder is not shared, by reason, e.g. `{reason: '.gitignore', count: 12}`. */
  hidden: z.array(z.object({ reason: z.string(), count: z.number() })).default([]),
  conflicts: z.array(MirrorConflict).default([]),
  alerts: z.array(MirrorAlert).default([]),
})
export type MirrorState = z.infer<typeof MirrorState>

export const SandboxState = z.object({
  tier: SandboxTier,
  reason: z.string().optional(),
  fix: z.string().optional(),
})
export type SandboxState = z.infer<typeof SandboxState>

/**
 * What runs of the agent can be done by on this machine: names and words alone, never a key. `name` is what a run names;
 * `why` it cannot be used yet, with what to do about it.
 */
const AgentChoice = z.object({
  name: ModelName,
  title: z.string().max(200),
  /** The built-in helper, a server of models on that machine, an agent on its PATH, or a provider that wants a key. */
  kind: z.enum(['helper', 'local', 'agent', 'provider']),
  /** What one had better know of it. */
  note: z.string().max(500).optional(),
  why: z.string().max(500).optional(),
})
export type AgentChoice = z.infer<typeof AgentChoice>

/** What a daemon that runs the agent has to offer; one that says nothing of it runs none. */
const AgentOffer = z.object({
  /** What is taken where nobody chooses. */
  default: ModelName,
  choices: z.array(AgentChoice).max(500),
  /** Where a key goes, in words, with the file or the command between backticks. */
  keys: z.string().max(500),
})
export type AgentOffer = z.infer<typeof AgentOffer>

/** The workspace as the daemon sees it [S93]. */
export const WorkspaceStatus = z.enum(['connected', 'disconnected', 'syncing'])
export type WorkspaceStatus = z.infer<typeof WorkspaceStatus>

const parts = {
  about: DaemonAbout,
  mirror: MirrorState,
  sandbox: SandboxState,
  agent: AgentOffer,
  workspaceStatus: WorkspaceStatus,
}
type Parts = { [K in keyof typeof parts]: z.infer<(typeof parts)[K]> }

export type Daemon = View<Readonly<Partial<Parts>>> & {
  set<K extends keyof Parts>(part: K, value: Parts[K]): void
}

/**
 * What a daemon says of itself. Never a hot field: heartbeats are messages. Conflicts and alerts lie beside the mirror's
 * state, so that its progress, told several times a second, does not write them again and again.
 */
export function openDaemon(doc: Y.Doc): Daemon {
  const map = doc.getMap<unknown>('self')
  const conflicts = openRecords(doc, 'conflicts', MirrorConflict)
  const read = (): Partial<Parts> => {
    const out: Record<string, unknown> = {}
    for (const [key, schema] of Object.entries(parts)) {
      const parsed = schema.safeParse(map.get(key))
      if (parsed.success) out[key] = parsed.data
    }
    const { mirror, ...rest } = out as Partial<Parts>
    return mirror ? { ...rest, mirror: whole(mirror) } : rest
  }
  const whole = (mirror: MirrorState): MirrorState => {
    const alerts = z.array(MirrorAlert).safeParse(map.get('alerts')).data ?? []
    return { ...mirror, alerts, conflicts: [...conflicts.snapshot().values()].toSorted((a, b) => a.at - b.at) }
  }
  // The same value again would only grow the document.
  const write = (key: string, value: unknown) => {
    if (JSON.stringify(map.get(key)) !== JSON.stringify(value)) map.set(key, value)
  }
  const writeConflicts = (list: readonly MirrorConflict[]) => {
    const wanted = new Map(list.map((each) => [each.id, each]))
    for (const id of [...conflicts.snapshot().keys(), ...conflicts.unreadable()])
      if (!wanted.has(id)) conflicts.remove(id)
    for (const [id, each] of wanted)
      if (JSON.stringify(conflicts.get(id)) !== JSON.stringify(each)) conflicts.set(id, each)
  }
  return {
    ...cachedView(read, (changed) => {
      map.observe(changed)
      conflicts.subscribe(changed)
    }),
    set: (part, value) =>
      doc.transact(() => {
        if (part !== 'mirror') return write(part, value)
        const { conflicts: list, alerts, ...rest } = value as MirrorState
        write('mirror', rest)
        write('alerts', alerts)
        writeConflicts(list)
      }),
  }
}
