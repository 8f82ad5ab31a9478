import { TandemError } from '@tandem/shared'
import { pathOf } from './commit.ts'
import type { Tree } from './tree.ts'

/** The same tree for who may only look: each change is refused, with the reason. */
export const readOnly = (tree: Tree, reason: string): Tree => ({
  ...tree,
  commit: async (changes) => changes.map((change) => ({ path: pathOf(change), reason })),
  edits: {
    ...tree.edits,
    prepare: async ({ path }) => {
      throw new TandemError('forbidden', { reason, path })
    },
  },
})
