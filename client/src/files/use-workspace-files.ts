import type { MirrorState } from '@tandem/shared/docs'
import { useDeferredValue, useMemo } from 'react'
import { useSession } from '../session/session-context.ts'
import { useDaemon } from '../session/use-daemon.ts'
import { useView } from '../session/use-view.ts'
import { buildTree, type TreeNode } from './tree.ts'

export type WorkspaceFiles = {
  tree: TreeNode
  /** How many files are known so far. */
  count: number
  /** Nothing is known yet, neither from this device nor from the server. */
  isLoading: boolean
  mirror: MirrorState | undefined
  /** Whether a daemon has ever been here, and whether one is now. */
  daemon: 'none' | 'away' | 'here'
}

/** The workspace's files as a tree, live. */
export function useWorkspaceFiles(): WorkspaceFiles {
  const session = useSession()
  const { byPath } = useView(session.files)
  const state = useView(session.filesState)
  const daemon = useDaemon()
  // A burst of arriving files must not make typing stutter.
  const settled = useDeferredValue(byPath)
  const tree = useMemo(() => buildTree(settled), [settled])
  const count = useMemo(() => [...settled.values()].filter((e) => e.kind !== 'dir').length, [settled])
  return {
    tree,
    count,
    isLoading: !state.ready,
    mirror: daemon?.mirror,
    daemon: daemon === undefined ? 'none' : daemon.presence.connection === 'online' ? 'here' : 'away',
  }
}
