import { z } from 'zod'
import type { Limits } from './limits.ts'

/** What one snippet may use in an isolate. */
export const IsolateLimits = z.strictObject({
  /** A snippet that may take longer runs as Node in the sandbox. */
  wallMs: z.int().positive().default(60_000),
  /** Of processor time. */
  cpuMs: z.int().positive().default(5_000),
  /** What its engine may hold; more runs as Node in the sandbox. */
  memMb: z.int().positive().default(64),
  /** Calls of its bindings. */
  calls: z.int().positive().default(1_000),
})
export type IsolateLimits = Readonly<z.infer<typeof IsolateLimits>>

/** What holds for a snippet: its own limits, and no more than any task may have. */
export const isolateLimitsOf = ({ isolate, limits }: { isolate: IsolateLimits; limits: Limits }): IsolateLimits => ({
  ...isolate,
  wallMs: Math.min(isolate.wallMs, limits.maxWallMs),
  memMb: Math.min(isolate.memMb, limits.memMb),
})

export const defaultIsolateLimits: IsolateLimits = IsolateLimits.parse({})
