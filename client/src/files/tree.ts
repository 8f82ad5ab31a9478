import { nameOf, parentOf, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'

/** A folder or file of the tree. Folders come from the paths of files, and from entries of their own where empty. */
export type TreeNode = {
  readonly path: string
  readonly name: string
  readonly kind: 'folder' | 'file'
  /** The entry; folders that only follow from a path have none. */
  readonly entry: FileEntry | undefined
  readonly children: readonly TreeNode[]
}

/** A line as it is shown. */
export type TreeRow = {
  readonly node: TreeNode
  readonly depth: number
  readonly expanded: boolean
  /** Its place among its siblings, from 1, and how many they are: for those who hear the tree. */
  readonly position: number
  readonly siblings: number
}

type Building = {
  path: string
  name: string
  key: string
  kind: 'folder' | 'file'
  entry: FileEntry | undefined
  children: Building[]
  sorted: boolean
}

/** The workspace's tree: folders first, then by name, numbers by value. Children are sorted when first looked at. */
export function buildTree(byPath: ReadonlyMap<string, FileEntry>): TreeNode {
  const root: Building = folder('')
  const folders = new Map([['', root]])
  const folderAt = (path: string): Building => {
    const held = folders.get(path)
    if (held) return held
    const made = folder(path)
    folders.set(path, made)
    folderAt(parentOf(path)).children.push(made)
    return made
  }
  for (const [path, entry] of byPath) {
    if (entry.kind === 'dir') folderAt(path).entry = entry
    else {
      const name = nameOf(path)
      folderAt(parentOf(path)).children.push({
        path,
        name,
        key: sortKey(name),
        kind: 'file',
        entry,
        children: none,
        sorted: true,
      })
    }
  }
  return root
}

/** The rows of everything that stands open. */
export function visibleRows(root: TreeNode, expanded: ReadonlySet<string>): readonly TreeRow[] {
  const rows: TreeRow[] = []
  const add = (parent: TreeNode, depth: number) => {
    const children = sortedChildren(parent)
    for (let i = 0; i < children.length; i++) {
      const node = children[i] as TreeNode
      const open = node.kind === 'folder' && expanded.has(node.path)
      rows.push({ node, depth, expanded: open, position: i + 1, siblings: children.length })
      if (open) add(node, depth + 1)
    }
  }
  add(root, 0)
  return rows
}

/** The paths of every file below a folder, or the file itself. */
export function filesBelow(node: TreeNode): readonly FileEntry[] {
  const own = node.entry ? [node.entry] : []
  return node.children.length === 0 ? own : [...own, ...node.children.flatMap(filesBelow)]
}

/** Every folder that must stand open for `path` to be seen. */
export function parentsOf(path: string): readonly string[] {
  const parents: string[] = []
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) parents.push(at)
  return parents
}

/** The row a typed letter sequence means: the next that begins so, after `from`, going round. */
export function findByTyping(rows: readonly TreeRow[], from: number, typed: string): number {
  const wanted = typed.toLowerCase()
  // A further letter of the same word may stay where it is; a first letter moves on.
  const start = typed.length > 1 ? from : from + 1
  for (let i = 0; i < rows.length; i++) {
    const at = (start + i + rows.length) % rows.length
    if (rows[at]?.node.name.toLowerCase().startsWith(wanted)) return at
  }
  return -1
}

export type FilePath = { id: Id; path: string }

const none: Building[] = []
const folder = (path: string): Building => {
  const name = nameOf(path)
  return { path, name, key: sortKey(name), kind: 'folder', entry: undefined, children: [], sorted: false }
}

/** Compares as text, yet puts `f2` before `f10`; a collator that does so takes ten times as long. */
const sortKey = (name: string) => name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'))

function sortedChildren(node: TreeNode): readonly TreeNode[] {
  const building = node as Building
  if (!building.sorted) {
    building.children.sort((a, b) =>
      a.kind === b.kind ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : a.kind === 'folder' ? -1 : 1,
    )
    building.sorted = true
  }
  return building.children
}
