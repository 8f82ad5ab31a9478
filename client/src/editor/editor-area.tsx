import type { Id } from '@tandem/shared'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { fileOf, useAttention } from '../session/attention.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { asFlag, useRemembered } from '../ui/remembered.ts'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { BlameToggle } from './blame-toggle.tsx'
import type { EditorHandle } from './code-editor.tsx'
import { DeletedStrip } from './deleted-strip.tsx'
import styles from './editor.module.css'
import { TabBar } from './tab-bar.tsx'
import type { Tabs } from './tabs.ts'
import { useText, type TextState } from './use-text.ts'

const loadEditor = () => import('./code-editor.tsx')
const CodeEditor = lazy(loadEditor)
const BlobView = lazy(() => import('./blob-view.tsx'))
const ConflictStrip = lazy(() => import('./conflict-strip.tsx'))

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
  const files = useView(useSession().files)
  const { byId } = files
  const entry = tabs.current === undefined ? undefined : byId.get(tabs.current)
  const text = useText(entry)
  const close = () => tabs.current !== undefined && onClose(tabs.current)
  // One editor for all files: made with the first text, and kept while the next one is on its way.
  const [wasReady, setWasReady] = useState(false)
  if (text.is === 'ready' && !wasReady) setWasReady(true)
  const [isBlameOn, setBlameOn] = useRemembered('tandem.blame', false, asFlag)
  const [line, setLine] = useState<string>()
  const toggle = useCallback(() => setBlameOn(!isBlameOn), [isBlameOn, setBlameOn])
  const attention = useAttention()
  const conflicts = useMemo(
    () => (entry ? attention.conflicts.filter((conflict) => fileOf(conflict, files)?.id === entry.id) : []),
    [attention, files, entry],
  )
  const editor = useRef<EditorHandle>(null)
  const [textPlace, setTextPlace] = useState<HTMLElement | null>(null)
  const blame = useMemo(() => ({ isOn: isBlameOn, toggle, onLine: setLine }), [isBlameOn, toggle])
  useEffect(() => {
    // The first file opens sooner when the editor came while nothing else was to do.
    const timer = setTimeout(() => void loadEditor(), 1_500)
    return () => clearTimeout(timer)
  }, [])
  return (
    <section className={styles.area} aria-label="Editor">
      {tabs.open.length > 0 && <TabBar tabs={tabs} byId={byId} onSelect={onSelect} onClose={onClose} />}
      {entry && (
        <div className={styles.where}>
          <Breadcrumb path={entry.path} />
          {text.is === 'ready' && <BlameToggle line={line} isOn={isBlameOn} onToggle={toggle} />}
        </div>
      )}
      {entry?.deleted && <DeletedStrip entry={entry} onClose={close} />}
      {entry && !entry.deleted && text.is === 'ready' && text.readOnly !== undefined && (
        <p className={styles.strip} role="status">
          {text.readOnly}
        </p>
      )}
      {entry && conflicts[0] && (
        <Suspense>
          <ConflictStrip key={conflicts[0].id} entry={entry} conflicts={conflicts} editor={editor} text={textPlace} />
        </Suspense>
      )}
      <div className={styles.text} ref={setTextPlace}>
        {wasReady && (
          <Suspense fallback={<TextSkeleton label="Loading the editor" />}>
            <CodeEditor
              ref={editor}
              file={text.is === 'ready' ? text.entry : undefined}
              readOnly={text.is === 'ready' ? text.readOnly : undefined}
              focusCall={focusCall}
              onOwnEdit={onKeep}
              blame={blame}
            />
          </Suspense>
        )}
        {text.is !== 'ready' && (
          <div className={styles.cover}>
            <Instead text={text} isMissing={tabs.current !== undefined} onClose={close} />
          </div>
        )}
      </div>
    </section>
  )
}

/** What is shown where the text would be. */
function Instead({ text, isMissing, onClose }: { text: TextState; isMissing: boolean; onClose: () => void }) {
  const session = useSession()
  switch (text.is) {
    case 'loading':
      return <TextSkeleton label="Opening the file" />
    case 'absent':
      return <Empty>This file was never opened on this device. It will appear when the connection is back.</Empty>
    case 'not-text':
      return (
        <Suspense fallback={<TextSkeleton label="Loading the file" />}>
          <BlobView entry={text.entry} />
        </Suspense>
      )
    case 'refused':
      return (
        <Failed
          what="The server did not open this file."
          safe={`It said: ${text.reason}. Nothing you wrote is lost.`}
          action={<Button onClick={session.reconnect}>Try again</Button>}
        />
      )
    case 'none':
      if (!isMissing)
        return (
          <Empty>Choose a file on the left. What you type is shared as you type it, and kept on this device.</Empty>
        )
      return (
        <Empty action={<Button onClick={onClose}>Close tab</Button>}>
          This file is not in the workspace any more, or has not arrived yet.
        </Empty>
      )
    default:
      return undefined
  }
}

const Breadcrumb = ({ path }: { path: string }) => (
  <nav className={styles.breadcrumb} aria-label="Where this file is">
    {path.split('/').map((part, i, all) => (
      <span key={all.slice(0, i + 1).join('/')} aria-current={i === all.length - 1 ? 'page' : undefined}>
        {part}
      </span>
    ))}
  </nav>
)

const textWidths = [38, 52, 20, 61, 44, 70, 33, 58, 12, 48, 66, 29]
const TextSkeleton = ({ label }: { label: string }) => <Skeleton label={label} indent={64} widths={textWidths} />
