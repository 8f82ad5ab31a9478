import { ChevronRight, FileDiff } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { Peer } from '../session/peers.ts'
import { PeerMark } from '../ui/peer-mark.tsx'
import { FileIcon } from './file-icon.tsx'
import styles from './files.module.css'
import type { TreeRow } from './tree.ts'
import type { Naming } from './use-file-actions.ts'

type TreeLineProps = {
  id: string
  row: TreeRow
  top: number
  isFocused: boolean
  isCurrent: boolean
  isDropTarget: boolean
  /** Of the file, or of those in a closed folder. */
  conflicts: number
  peers: readonly Peer[]
  naming: Naming | undefined
  canWrite: boolean
  /** No daemon is here to write to the folder. */
  isAway: boolean
  onNamed: (name: string) => string | undefined
  onCancel: () => void
  onOpen: (keep: boolean) => void
  onPoint: () => void
  onDragOver: () => void
}

/** One line of the tree. */
export const TreeLine = memo(function TreeLine(props: TreeLineProps) {
  const { row, isFocused, isCurrent, isDropTarget, peers, naming } = props
  const { node } = row
  return (
    <div
      id={props.id}
      role="treeitem"
      className={styles.line}
      style={{ top: props.top, paddingLeft: 8 + row.depth * 14 }}
      aria-level={row.depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={node.kind === 'folder' ? row.expanded : undefined}
      aria-selected={isCurrent}
      data-focused={isFocused || undefined}
      data-drop={isDropTarget || undefined}
      draggable={props.canWrite && !naming}
      title={node.path}
      onClick={() => !naming && props.onOpen(false)}
      onDoubleClick={() => !naming && node.kind === 'file' && props.onOpen(true)}
      onContextMenu={props.onPoint}
      onDragStart={(e) => {
        e.dataTransfer.setData('text/x-tandem-path', node.path)
        e.dataTransfer.effectAllowed = 'move'
      }}
      onDragOver={props.onDragOver}
    >
      {node.kind === 'folder' ? (
        <ChevronRight size={14} aria-hidden className={styles.chevron} data-open={row.expanded} />
      ) : (
        <FileIcon name={node.name} />
      )}
      {naming ? (
        <NameField
          initial={naming.kind === 'rename' ? node.name : ''}
          label={naming.kind === 'rename' ? `New name of ${node.name}` : 'Name'}
          onDone={props.onNamed}
          onCancel={props.onCancel}
        />
      ) : (
        <span className={styles.name}>{node.name}</span>
      )}
      <Marks row={row} conflicts={props.conflicts} peers={peers} isAway={props.isAway} />
    </div>
  )
})

/** Who has it open, and what is not as usual with it. */
function Marks({
  row: { node },
  conflicts,
  peers,
  isAway,
}: Pick<TreeLineProps, 'row' | 'conflicts' | 'peers' | 'isAway'>) {
  const { entry } = node
  const withheld = entry?.facts?.withheld
  return (
    <>
      {conflicts > 0 && (
        <span
          className={styles.conflict}
          title={
            node.kind === 'file' ? 'Two versions were kept: open it to choose' : `${conflicts} of its files need a look`
          }
        >
          <FileDiff size={13} aria-hidden />
          <span className="visually-hidden">needs a look</span>
        </span>
      )}
      {withheld !== undefined && <span className={styles.mark}>{withheld}</span>}
      {isAway && entry && entry.kind === 'text' && !entry.facts && (
        <span className={styles.mark} title="The daemon has not written it to the folder yet">
          not on disk yet
        </span>
      )}
      {peers.slice(0, 4).map((peer) => (
        <PeerMark key={peer.clientId} peer={peer} title={`${peer.user.name} is here`} />
      ))}
    </>
  )
}

function NameField({
  initial,
  label,
  onDone,
  onCancel,
}: {
  initial: string
  label: string
  onDone: (name: string) => string | undefined
  onCancel: () => void
}) {
  const field = useRef<HTMLInputElement>(null)
  const [refused, setRefused] = useState<string>()
  useEffect(() => {
    field.current?.focus()
    // The ending usually stays.
    const dot = initial.lastIndexOf('.')
    field.current?.setSelectionRange(0, dot > 0 ? dot : initial.length)
  }, [initial])
  const finish = (name: string) => (name.trim() === '' || name === initial ? onCancel() : setRefused(onDone(name)))
  return (
    <span className={styles.naming}>
      <input
        ref={field}
        aria-label={label}
        aria-invalid={refused !== undefined}
        defaultValue={initial}
        spellCheck={false}
        onChange={() => setRefused(undefined)}
        onKeyDown={(e) => {
          e.stopPropagation()
          if (e.key === 'Enter') finish(e.currentTarget.value)
          if (e.key === 'Escape') onCancel()
        }}
        onBlur={(e) => (refused === undefined ? finish(e.currentTarget.value) : onCancel())}
      />
      {refused !== undefined && (
        <span className={styles.refused} role="alert">
          {refused}
        </span>
      )}
    </span>
  )
}
