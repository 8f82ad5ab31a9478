import { z } from 'zod'

/** How much is done without asking, the least first. The policy's rules hold in each; what they deny stays denied. */
export const modes = ['plan', 'ask', 'auto-edit', 'auto'] as const

/**
 * - `plan`: the folder and the network can only be looked at, whatever runs.
 * - `ask`: what only looks runs, and so that it can do no more; everything else is asked about.
 * - `auto-edit`: as the rules say.
 * - `auto`: what no rule names runs too; what a rule asks about, or what cannot be resolved, is still asked about.
 */
export const Mode = z.enum(modes)
export type Mode = z.infer<typeof Mode>

/** Whether this mode leaves no more undone without asking than that one. */
export const isAsStrict = (mode: Mode, as: Mode): boolean => modes.indexOf(mode) <= modes.indexOf(as)
