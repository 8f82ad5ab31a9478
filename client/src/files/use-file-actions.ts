import { atLeast, parentOf, nameOf, type Id } from '@tandem/shared'
import { deletionSnapshot } from '../session/deletion-snapshot.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import type { MenuItem } from '../ui/menu.tsx'
import { toast } from '../ui/toast.ts'
import { create, move, remove } from './file-actions.ts'
import { filesBelow, parentsOf, type TreeNode } from './tree.ts'

/** What is being named in the tree: a file or folder that is there, or a new one (then `path` ends in its placeholder). */
export type Naming = { kind: 'rename' | 'text' | 'dir'; path: string }

const placeholder = '\u0000new'

type Deps = {
  setNaming: (naming: Naming | undefined) => void
  expanded: ReadonlySet<string>
  setExpanded: (expanded: ReadonlySet<string>) => void
  onOpen: (id: Id, keep: boolean) => void
}

/** What a person can do to files from the tree. Works offline; undo rather than ask. */
export function useFileActions({ setNaming, expanded, setExpanded, onOpen }: Deps) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const canWrite = atLeast(claims.role, 'editor')
  const { files } = session

  const startNew = (kind: 'text' | 'dir', near: TreeNode | undefined) => {
    const folder = near === undefined ? '' : near.kind === 'folder' ? near.path : parentOf(near.path)
    setExpanded(new Set([...expanded, ...(folder === '' ? [] : [folder, ...parentsOf(folder)])]))
    setNaming({ kind, path: join(folder, placeholder) })
  }
  const removeNode = (node: TreeNode) => {
    if (!canWrite) return
    const { count, undo } = remove(files, node.path, claims.principal, session.serverNow(), (id) =>
      deletionSnapshot(session, id),
    )
    const what = node.kind === 'file' ? node.name : `${node.name} with ${count} ${count === 1 ? 'file' : 'files'}`
    toast(`Deleted ${what}.`, { label: 'Undo', run: undo })
  }

  return {
    canWrite,
    startNew,
    remove: removeNode,
    /** Ends a naming; the reason where the name will not do. */
    finish: (naming: Naming | undefined, name: string): string | undefined => {
      const clean = name.trim()
      if (!naming || clean === '') return undefined
      const path = join(parentOf(naming.path), clean)
      const { refused, id } =
        naming.kind === 'rename' ? move(files, naming.path, path) : create(files, path, naming.kind)
      if (id !== undefined && naming.kind === 'text') onOpen(id, true)
      return refused
    },
    /** Something was dragged into a folder (the empty path: the top). */
    drop: (from: string, folder: string) => {
      if (!canWrite || from === '' || parentOf(from) === folder) return
      const to = join(folder, nameOf(from))
      const { refused } = move(files, from, to)
      toast(
        refused ?? `Moved ${nameOf(from)} to ${folder || 'the top'}.`,
        refused === undefined ? { label: 'Undo', run: () => void move(files, to, from) } : undefined,
      )
    },
    menu: (node: TreeNode | undefined): readonly MenuItem[] => [
      { label: 'New file…', disabled: !canWrite, run: () => startNew('text', node) },
      { label: 'New folder…', disabled: !canWrite, run: () => startNew('dir', node) },
      'line',
      {
        label: 'Rename…',
        shortcut: 'F2',
        disabled: !canWrite || !node,
        run: () => node && setNaming({ kind: 'rename', path: node.path }),
      },
      { label: 'Copy path', disabled: !node, run: () => void navigator.clipboard?.writeText(node?.path ?? '') },
      'line',
      {
        label: 'Delete',
        shortcut: 'Del',
        disabled: !canWrite || !node || (node.kind === 'folder' && filesBelow(node).length === 0),
        run: () => node && removeNode(node),
      },
    ],
  }
}

const join = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)
