import { atLeast, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { lazy, Suspense, useEffect } from 'react'
import { useDoc, useSession } from '../session/session-context.ts'
import type { DocHandle } from '../session/registry.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { DeletedStrip } from './deleted-strip.tsx'
import styles from './editor.module.css'
import { TabBar } from './tab-bar.tsx'
import type { Tabs } from './tabs.ts'

const loadEditor = () => import('./code-editor.tsx')
const CodeEditor = lazy(loadEditor)
const textWidths = [38, 52, 20, 61, 44, 70, 33, 58, 12, 48, 66, 29]

type EditorAreaProps = {
  tabs: Tabs
  /** Grows when the text should take the focus. */
  focusCall: number
  onSelect: (id: Id, keep: boolean) => void
  onKeep: (id: Id) => void
  onClose: (id: Id) => void
}

/** The open files: tabs, where we are, and the text. */
export function EditorArea({ tabs, focusCall, onSelect, onKeep, onClose }: EditorAreaProps) {
  const session = useSession()
  const { byId } = useView(session.files)
  useEffect(() => {
    // The first file opens sooner when the editor came while nothing else was to do.
    const timer = setTimeout(() => void loadEditor(), 1_500)
    return () => clearTimeout(timer)
  }, [])
  const entry = tabs.current === undefined ? undefined : byId.get(tabs.current)
  return (
    <section className={styles.area} aria-label="Editor">
      {tabs.open.length > 0 && <TabBar tabs={tabs} byId={byId} onSelect={onSelect} onClose={onClose} />}
      {entry ? (
        <OpenFile entry={entry} focusCall={focusCall} onKeep={onKeep} onClose={() => onClose(entry.id)} />
      ) : tabs.current !== undefined ? (
        <MissingFile onClose={() => tabs.current !== undefined && onClose(tabs.current)} />
      ) : (
        <Empty>Choose a file on the left. What you type is shared as you type it, and kept on this device.</Empty>
      )}
    </section>
  )
}

type OpenFileProps = { entry: FileEntry; focusCall: number; onKeep: (id: Id) => void; onClose: () => void }

function OpenFile({ entry, focusCall, onKeep, onClose }: OpenFileProps) {
  const handle = useDoc({ kind: 'file', fileId: entry.id })
  return (
    <>
      <nav className={styles.breadcrumb} aria-label="Where this file is">
        {entry.path.split('/').map((part, i, all) => (
          <span key={all.slice(0, i + 1).join('/')} aria-current={i === all.length - 1 ? 'page' : undefined}>
            {part}
          </span>
        ))}
      </nav>
      {entry.deleted && <DeletedStrip entry={entry} onClose={onClose} />}
      <div className={styles.text}>
        {entry.kind !== 'text' || entry.facts?.withheld !== undefined ? (
          <Empty>
            {entry.facts?.withheld ?? 'This is not a text file.'} Its content stays in the folder and is not shared.
          </Empty>
        ) : handle ? (
          <FileBody handle={handle} entry={entry} focusCall={focusCall} onKeep={onKeep} />
        ) : (
          <Skeleton label="Opening the file" indent={64} widths={textWidths} />
        )}
      </div>
    </>
  )
}

type FileBodyProps = { handle: DocHandle; entry: FileEntry; focusCall: number; onKeep: (id: Id) => void }

function FileBody({ handle, entry, focusCall, onKeep }: FileBodyProps) {
  const session = useSession()
  const { ready, refused } = useView(handle.state)
  const link = useView(session.link)
  const { claims } = useView(session.identity)
  // A file made here and now has nothing to wait for.
  const isNew = entry.facts === undefined
  if (refused !== undefined && !ready) {
    return (
      <Failed
        what="The server did not open this file."
        safe={`It said: ${refused}. Nothing you wrote is lost.`}
        action={<Button onClick={session.reconnect}>Try again</Button>}
      />
    )
  }
  if (!ready && link.phase === 'offline' && !isNew) {
    return <Empty>This file was never opened on this device. It will appear when the connection is back.</Empty>
  }
  if (!ready && !(isNew && link.phase === 'offline'))
    return <Skeleton label="Opening the file" indent={64} widths={textWidths} />
  const readOnly = entry.deleted
    ? 'This file is deleted. Restore it to edit.'
    : atLeast(claims.role, 'editor')
      ? undefined
      : `As ${claims.role} you may read this file, not change it.`
  return (
    <Suspense fallback={<Skeleton label="Loading the editor" indent={64} widths={textWidths} />}>
      <CodeEditor fileId={entry.id} path={entry.path} focusCall={focusCall} readOnly={readOnly} onOwnEdit={onKeep} />
    </Suspense>
  )
}

const MissingFile = ({ onClose }: { onClose: () => void }) => (
  <Empty action={<Button onClick={onClose}>Close tab</Button>}>
    This file is not in the workspace any more, or has not arrived yet.
  </Empty>
)
