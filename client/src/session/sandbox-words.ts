import type { SandboxState } from '@tandem/shared/docs'
import type { Mirror } from './mirrors.ts'

export type Tier = SandboxState['tier']

/** What each tier means for a command, in a few words and in a sentence. */
export const tierWords: Readonly<Record<Tier, { short: string; sentence: string }>> = {
  full: { short: 'sandboxed', sentence: 'Commands run in a sandbox.' },
  reduced: {
    short: 'sandbox reduced',
    sentence: 'Commands run in a reduced sandbox, which holds less than the full one.',
  },
  none: { short: 'no sandbox: commands refused', sentence: 'Commands are refused: there is no sandbox.' },
  unsafe: {
    short: 'UNSAFE: no sandbox',
    sentence: 'Commands run without a sandbox: they can reach everything their daemon’s user can.',
  },
}

/** The machines that are here and said what stands between commands and them, the weakest first. */
export function sandboxes(mirrors: readonly Mirror[]): readonly { on: Mirror; sandbox: SandboxState }[] {
  const rank = { unsafe: 0, none: 1, reduced: 2, full: 3 }
  return mirrors
    .flatMap((on) => (on.isHere && on.sandbox ? [{ on, sandbox: on.sandbox }] : []))
    .toSorted((a, b) => rank[a.sandbox.tier] - rank[b.sandbox.tier])
}
