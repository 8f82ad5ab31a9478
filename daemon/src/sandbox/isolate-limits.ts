import { z } from 'zod'

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

export const defaultIsolateLimits: IsolateLimits = IsolateLimits.parse({})
