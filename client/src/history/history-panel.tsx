import type { Id } from '@tandem/shared'
import { Flag } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import type { DiffView } from './comparison.tsx'
import { Detail, type Chosen } from './detail.tsx'
import { Filters } from './filters.tsx'
import styles from './history.module.css'
import { NameDialog } from './name-dialog.tsx'
import { rowsOf, type Row } from './rows.ts'
import { TimelineList } from './timeline-list.tsx'
import { useAuthors } from './use-authors.ts'
import { useTimeline } from './use-timeline.ts'
import { useWhyNot } from './use-why-not.ts'
import { createVersionTexts } from './version-texts.ts'

type HistoryPanelProps = {
  /** The file in the editor. */
  file: Id | undefined
  Diff: DiffView
}

/** The past of the workspace or of a file: a timeline, and what is chosen in it. */
export default function HistoryPanel({ file, Diff }: HistoryPanelProps) {
  const session = useSession()
  const { byId } = useView(session.files)
  const checkpoints = useView(session.ops.checkpoints)
  const link = useView(session.link)
  const [isFileOnly, setFileOnly] = useState(false)
  const [author, setAuthor] = useState<Id>()
  const [key, setKey] = useState<string>()
  const [isOpen, setOpen] = useState(false)
  const [isNaming, setNaming] = useState(false)
  const panel = useRef<HTMLElement>(null)
  const wasOpen = useRef(false)
  useEffect(() => {
    // Where there is room for one of the two alone, the other is gone, and the focus with it.
    const back = panel.current?.querySelector<HTMLElement>('[data-back]')
    if (isOpen && back?.offsetParent) back.focus()
    if (wasOpen.current && !isOpen) panel.current?.querySelector<HTMLElement>('[role=listbox]')?.focus()
    wasOpen.current = isOpen
  }, [isOpen])
  const texts = useMemo(() => createVersionTexts(({ version, path }) => session.history.text(version, path)), [session])
  const only = isFileOnly ? file : undefined
  const timeline = useTimeline({ file: only, author })
  const { steps, cursor, isLoaded, version } = timeline
  // What differs from now is asked for again when a file changed, not whenever anything did.
  const head = author === undefined ? (steps[0]?.seq ?? version) : version
  const authors = useAuthors(steps)
  const whyNot = useWhyNot()
  const now = session.serverNow()
  const rows = useMemo(
    () =>
      rowsOf({
        steps,
        checkpoints: [...checkpoints.values()].filter((c) => author === undefined || c.by === author),
        isWhole: isLoaded && cursor === undefined,
        now,
      }),
    // oxlint-disable-next-line react/exhaustive-deps -- the day changes at midnight; with the next step is soon enough
    [steps, checkpoints, cursor, isLoaded, author],
  )
  const row = rows.find((r) => r.key === key)
  const chosen = row && chosenOf(row)
  const path = file === undefined ? undefined : byId.get(file)?.path
  const choose = (row: Row, isMeant: boolean) => {
    setKey(row.key)
    if (isMeant) setOpen(true)
  }
  return (
    <section
      ref={panel}
      className={styles.history}
      data-open={(isOpen && chosen !== undefined) || undefined}
      aria-label="History"
    >
      <div className={styles.left}>
        <div className={styles.bar}>
          <Filters
            path={path}
            isFileOnly={only !== undefined}
            onFileOnly={setFileOnly}
            authors={authors}
            author={author}
            onAuthor={setAuthor}
          />
          <span className={styles.grow} />
          <IconButton
            label={whyNot ?? 'Name things as they stand'}
            disabled={whyNot !== undefined}
            onClick={() => setNaming(true)}
          >
            <Flag size={14} aria-hidden />
          </IconButton>
        </div>
        {link.phase !== 'connected' && isLoaded && (
          <p className={styles.note} role="status">
            Offline: this is what was loaded before.
          </p>
        )}
        {timeline.trouble !== undefined && isLoaded && (
          <p className={styles.note} role="alert">
            Newer steps did not come: {timeline.trouble}.{' '}
            <Button variant="quiet" onClick={timeline.again}>
              Try again
            </Button>
          </p>
        )}
        {rows.length > 0 ? (
          <TimelineList
            rows={rows}
            chosen={key}
            isLoadingOlder={timeline.isLoadingOlder}
            onChoose={choose}
            onNearEnd={timeline.older}
          />
        ) : (
          <Instead
            trouble={timeline.trouble}
            isLoaded={isLoaded}
            isOffline={link.phase === 'offline'}
            isFiltered={only !== undefined || author !== undefined}
            onAgain={timeline.again}
          />
        )}
      </div>
      {chosen ? (
        <Detail
          key={row.key}
          chosen={chosen}
          isNewest={row.kind === 'step' && row.step === steps[0]}
          head={head}
          texts={texts}
          Diff={Diff}
          file={file}
          onBack={() => setOpen(false)}
        />
      ) : (
        <div className={styles.detail}>
          {rows.length > 0 && <Empty>Choose a step to see what it changed, and to bring things back.</Empty>}
        </div>
      )}
      {isNaming && <NameDialog version={undefined} onClose={() => setNaming(false)} />}
    </section>
  )
}

function chosenOf(row: Row): Chosen | undefined {
  switch (row.kind) {
    case 'step':
      return { step: row.step }
    case 'checkpoint':
      return { checkpoint: row.checkpoint }
    case 'day':
      return undefined
    default:
      return row satisfies never
  }
}

type InsteadProps = {
  trouble: string | undefined
  isLoaded: boolean
  isOffline: boolean
  isFiltered: boolean
  onAgain: () => void
}

/** What is shown where the timeline would be. */
function Instead({ trouble, isLoaded, isOffline, isFiltered, onAgain }: InsteadProps) {
  if (isLoaded) {
    return (
      <Empty>
        {isFiltered
          ? 'Nothing of that in the history.'
          : 'Nothing has happened yet. Whatever anybody changes stands here.'}
      </Empty>
    )
  }
  if (trouble !== undefined) {
    return (
      <Failed
        what="The history did not come."
        safe={`It said: ${trouble}. Nothing is lost.`}
        action={<Button onClick={onAgain}>Try again</Button>}
      />
    )
  }
  if (isOffline) return <Empty>The history is on the server. It comes when the connection is back.</Empty>
  return <Skeleton label="Loading the history" widths={[72, 58, 66, 49, 70, 61]} />
}
