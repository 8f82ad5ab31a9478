import { z } from 'zod'

/**
 * How far the walls around commands hold on a daemon's machine: all of them; some, which its owner took instead of none;
 * none, so that every command is refused; none, because its owner goes without by name.
 */
export const SandboxTier = z.enum(['full', 'reduced', 'none', 'unsafe'])
export type SandboxTier = z.infer<typeof SandboxTier>
