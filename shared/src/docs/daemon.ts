import type * as Y from 'yjs'
import { z } from 'zod'
import { Id } from '../base/ids.ts'
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

/** How the folder and its documents stand. `done`/`total` count files while a phase has an end. */
export const MirrorState = z.object({
  phase: z.enum(['starting', 'scanning', 'seeding', 'exporting', 'live', 'halted']),
  reason: z.string().optional(),
  done: z.number().optional(),
  total: z.number().optional(),
  files: z.number().default(0),
  /** What of the folder is not shared, by reason, e.g. `{reason: '.gitignore', count: 12}`. */
  hidden: z.array(z.object({ reason: z.string(), count: z.number() })).default([]),
  conflicts: z.array(z.object({ path: z.string(), at: z.number(), record: z.string() })).default([]),
})
export type MirrorState = z.infer<typeof MirrorState>

export const SandboxState = z.object({
  tier: z.enum(['full', 'reduced', 'none', 'unsafe']),
  reason: z.string().optional(),
  fix: z.string().optional(),
})
export type SandboxState = z.infer<typeof SandboxState>

/** The workspace as the daemon sees it [S93]. */
export const WorkspaceStatus = z.enum(['connected', 'disconnected', 'syncing'])
export type WorkspaceStatus = z.infer<typeof WorkspaceStatus>

const parts = { about: DaemonAbout, mirror: MirrorState, sandbox: SandboxState, workspaceStatus: WorkspaceStatus }
type Parts = { [K in keyof typeof parts]: z.infer<(typeof parts)[K]> }

export type Daemon = View<Readonly<Partial<Parts>>> & {
  set<K extends keyof Parts>(part: K, value: Parts[K]): void
}

/** What a daemon says of itself. Never a hot field: heartbeats are messages. */
export function openDaemon(doc: Y.Doc): Daemon {
  const map = doc.getMap<unknown>('self')
  const read = (): Partial<Parts> => {
    const out: Record<string, unknown> = {}
    for (const [key, schema] of Object.entries(parts)) {
      const parsed = schema.safeParse(map.get(key))
      if (parsed.success) out[key] = parsed.data
    }
    return out as Partial<Parts>
  }
  return {
    ...cachedView(read, (changed) => map.observe(changed)),
    // The same value again would only grow the document.
    set: (part, value) => {
      if (JSON.stringify(map.get(part)) !== JSON.stringify(value)) map.set(part, value)
    },
  }
}
