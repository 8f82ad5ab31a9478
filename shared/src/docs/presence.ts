import { z } from 'zod'
import { Id } from '../base/ids.ts'

const position = z.unknown()

/** One client's awareness state. `user` is stamped by the server from the connection, so nobody can pose as another. */
export const Presence = z.object({
  user: z.object({
    id: Id,
    name: z.string().max(80),
    kind: z.enum(['human', 'agent', 'daemon']),
    hue: z.int().min(0).max(5).default(0),
  }),
  /** The file in the foreground. */
  file: Id.optional(),
  /** Relative positions (Yjs JSON) of the selection in that file. */
  selection: z.object({ anchor: position, head: position }).optional(),
  /** The server drops explicit removals, so leaving is said in words. */
  gone: z.boolean().optional(),
})
export type Presence = z.infer<typeof Presence>
