import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Id } from '@tandem/shared'
import { z } from 'zod'
import type { Machine } from './config.ts'

/** The child programs' entry files. */
export const serverFile = fileURLToPath(import.meta.resolve('@tandem/server/main'))
export const daemonFile = fileURLToPath(import.meta.resolve('@tandem/daemon/main'))

const built = fileURLToPath(new URL('../../client/dist', import.meta.url))
/** The built page, where it is built: in this checkout, or where TANDEM_CLIENT_DIR says. */
export const clientDir = ({ env }: Pick<Machine, 'env'>): string | undefined =>
  env.TANDEM_CLIENT_DIR ?? (existsSync(built) ? built : undefined)

/** What the server says to its supervisor. */
export const FromServer = z.object({
  t: z.literal('ready'),
  port: z.int(),
  /** Reaches the server from this machine. */
  url: z.string(),
  /** What people open. */
  publicUrl: z.string(),
  workspaceId: Id,
})
export type FromServer = z.infer<typeof FromServer>

/** What the daemon says to its supervisor. */
export const FromDaemonProgram = z.discriminatedUnion('t', [
  z.object({ t: z.literal('connected'), daemonId: Id }),
  z.object({
    t: z.literal('progress'),
    phase: z.string(),
    done: z.number().optional(),
    total: z.number().optional(),
    bytes: z.object({ done: z.number(), total: z.number() }).optional(),
  }),
  z.object({ t: z.literal('ready') }),
])
export type FromDaemonProgram = z.infer<typeof FromDaemonProgram>
