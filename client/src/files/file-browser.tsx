import { parentOf, type Id } from '@tandem/shared'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import { useAttention } from '../session/attention.ts'
import { useView } from '../session/use-view.ts'
import { useSession } from '../session/session-context.ts'
import { PointerMenu } from '../ui/menu.tsx'
import { Skeleton } from '../ui/states.tsx'
import { conflictMarks } from './conflict-marks.ts'
import { FilesFoot } from './files-foot.tsx'
import { FilesHeader } from './files-header.tsx'
import styles from './files.module.css'
import { NoFiles } from './no-files.tsx'
import { ProgressRows } from './progress-rows.tsx'
import { TreeLine } from './tree-line.tsx'
import { treeKey } from './tree-keys.ts'
import { visibleRows, type TreeNode, type TreeRow } from './tree.ts'
import { useExpanded } from './use-expanded.ts'
import { useFileActions, type Naming } from './use-file-actions.ts'
import { useUpload } from './use-upload.ts'
import { useWorkspaceFiles } from './use-workspace-files.ts'

type FileBrowserProps = {
  workspaceId: string
  /** The file in the foreground. */
  current: Id | undefined
  /** `keep` is false for a look (single click, space), true to stay (double click, Enter). */
  onOpen: (id: Id, keep: boolean) => void
}

/** The tree of the workspace's files: virtualised, and usable with the keyboard alone. */
export function FileBrowser({ workspaceId, current, onOpen }: FileBrowserProps) {
  const { tree, count, isLoading, mirror, daemon } = useWorkspaceFiles()
  const session = useSession()
  const { peers } = useView(session.peers)
  const { conflicts } = useAttention()
  const files = useView(session.files)
  const marks = useMemo(() => conflictMarks(conflicts, files), [conflicts, files])
  const currentPath = current === undefined ? undefined : session.files.get(current)?.path
  const [expanded, setExpanded] = useExpanded(workspaceId, currentPath)
  const rows = useMemo(() => visibleRows(tree, expanded), [tree, expanded])
  const [focused, setFocused] = useState<string>()
  const [naming, setNaming] = useState<Naming>()
  const [dropOn, setDropOn] = useState<string>()
  const scroller = useRef<HTMLDivElement>(null)
  const typed = useRef({ text: '', at: 0 })
  const actions = useFileActions({ setNaming, setExpanded, expanded, onOpen })
  const upload = useUpload()
  // While something new is being named it has a row of its own, right below its folder.
  const lines = useMemo(() => withNewRow(rows, naming), [rows, naming])
  const rowHeight = matchMedia('(max-width: 759px)').matches ? 44 : 26
  // oxlint-disable-next-line react-hooks/incompatible-library -- the virtualizer's own state drives this component
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  // Nothing is pointed at until somebody points: a key must never act on a row by chance.
  const at = rowAt(rows, focused) ?? rowAt(rows, currentPath) ?? -1

  const focusRow = (index: number) => {
    const row = rows[index]
    if (!row) return
    setFocused(row.node.path)
    virtual.scrollToIndex(index)
  }
  const open = (node: TreeNode, keep: boolean) => {
    setFocused(node.path)
    if (node.kind === 'folder') setExpanded(toggled(expanded, node.path))
    else if (node.entry) onOpen(node.entry.id, keep)
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (naming || event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[at]
    if (event.key === 'F2' && row) setNaming({ kind: 'rename', path: row.node.path })
    else if (event.key === 'Delete' && row) actions.remove(row.node)
    else if (event.key === 'Enter' && row) open(row.node, true)
    else if (event.key === ' ' && row && typed.current.text === '') open(row.node, false)
    else {
      const result = treeKey(event.key, {
        rows,
        at,
        page: Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight),
        typed: typed.current,
      })
      if (!result) return
      if (result.toggle) setExpanded(toggled(expanded, ...result.toggle))
      if (result.focus !== undefined) focusRow(result.focus)
    }
    event.preventDefault()
  }

  if (isLoading) return <Skeleton label="Loading files" widths={[52, 38, 64, 45, 58, 30, 49, 61, 35]} />
  const target = rows[at]?.node
  return (
    <section className={styles.browser} aria-label="Files">
      <FilesHeader
        count={count}
        mirror={mirror}
        onNewFile={() => actions.startNew('text', target)}
        onNewFolder={() => actions.startNew('dir', target)}
        onCollapse={() => setExpanded(new Set())}
        canWrite={actions.canWrite}
      />
      <ProgressRows />
      {lines.length === 0 ? (
        <NoFiles
          onNew={() => actions.startNew('text', undefined)}
          isReading={mirror !== undefined && mirror.phase !== 'live' && mirror.phase !== 'halted'}
          canWrite={actions.canWrite}
          hasDaemon={daemon !== 'none'}
        />
      ) : (
        <PointerMenu items={actions.menu(target)}>
          <div
            ref={scroller}
            className={styles.scroller}
            role="tree"
            aria-label="Workspace files"
            tabIndex={0}
            aria-activedescendant={target ? idOf(target.path) : undefined}
            onKeyDown={onKeyDown}
            onDragOver={(e) => actions.canWrite && e.preventDefault()}
            onDrop={(e) => {
              // Else the browser would leave the page to open it.
              e.preventDefault()
              const isFromOutside = e.dataTransfer.files.length > 0
              if (!isFromOutside) actions.drop(e.dataTransfer.getData('text/x-tandem-path'), dropOn ?? '')
              else if (actions.canWrite) upload(e.dataTransfer, dropOn ?? '')
              setDropOn(undefined)
            }}
          >
            <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="none">
              {virtual.getVirtualItems().map((item) => {
                const row = lines[item.index] as TreeRow
                const path = row.node.path
                const isNew = naming?.kind !== 'rename' && naming?.path === path
                return (
                  <TreeLine
                    key={path}
                    id={idOf(path)}
                    row={row}
                    top={item.start}
                    isFocused={path === target?.path}
                    isCurrent={row.node.entry !== undefined && row.node.entry.id === current}
                    isDropTarget={dropOn !== undefined && row.node.kind === 'folder' && dropOn === path}
                    // An open folder shows them on its files.
                    conflicts={row.expanded ? 0 : (marks.get(path) ?? 0)}
                    peers={row.node.entry ? peers.filter((p) => p.file === row.node.entry?.id) : noPeers}
                    naming={isNew || (naming?.kind === 'rename' && naming.path === path) ? naming : undefined}
                    onNamed={(name) => {
                      const refused = actions.finish(naming, name)
                      if (refused !== undefined) return refused
                      setNaming(undefined)
                      setFocused(`${parentOf(path)}/${name.trim()}`.replace(/^\//, ''))
                      // A new file is opened to be written, and takes the focus itself.
                      if (naming?.kind !== 'text') scroller.current?.focus()
                      return undefined
                    }}
                    onCancel={() => {
                      setNaming(undefined)
                      scroller.current?.focus()
                    }}
                    onOpen={(keep) => open(row.node, keep)}
                    onPoint={() => setFocused(path)}
                    onDragOver={() => setDropOn(row.node.kind === 'folder' ? path : parentOf(path))}
                    canWrite={actions.canWrite}
                    isAway={daemon !== 'here'}
                  />
                )
              })}
            </div>
          </div>
        </PointerMenu>
      )}
      <FilesFoot mirror={mirror} onOpen={(id) => onOpen(id, true)} />
    </section>
  )
}

const noPeers: readonly never[] = []

function rowAt(rows: readonly TreeRow[], path: string | undefined): number | undefined {
  const index = path === undefined ? -1 : rows.findIndex((r) => r.node.path === path)
  return index < 0 ? undefined : index
}

const idOf = (path: string) => `file-${path}`

function toggled(set: ReadonlySet<string>, ...paths: string[]): ReadonlySet<string> {
  const next = new Set(set)
  for (const path of paths) if (!next.delete(path)) next.add(path)
  return next
}

function withNewRow(rows: readonly TreeRow[], naming: Naming | undefined): readonly TreeRow[] {
  if (!naming || naming.kind === 'rename') return rows
  const parent = parentOf(naming.path)
  const index = rows.findIndex((r) => r.node.path === parent)
  const depth = index < 0 ? 0 : (rows[index]?.depth ?? 0) + 1
  const node: TreeNode = {
    path: naming.path,
    name: '',
    kind: naming.kind === 'dir' ? 'folder' : 'file',
    entry: undefined,
    children: [],
  }
  return [
    ...rows.slice(0, index + 1),
    { node, depth, expanded: false, position: 1, siblings: 1 },
    ...rows.slice(index + 1),
  ]
}
