import { nameOf, visibleText } from '@tandem/shared'
import type { FileEntry, MirrorConflict } from '@tandem/shared/docs'
import { Download } from 'lucide-react'
import { type RefObject, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import type { Said } from '../session/attention.ts'
import { blobUrl } from '../session/blob-texts.ts'
import { conflictSentence } from '../session/conflict-words.ts'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import button from '../ui/button.module.css'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { sizeWords } from '../ui/size-words.ts'
import type { EditorHandle } from './code-editor.tsx'
import { ConflictCompare } from './conflict-compare.tsx'
import styles from './conflict.module.css'
import { useConflict } from './use-conflict.ts'

type ConflictStripProps = {
  entry: FileEntry
  /** Of this file, the newest first; at least one. */
  conflicts: readonly Said<MirrorConflict>[]
  editor: RefObject<EditorHandle | null>
  /** Over which a comparison is shown. */
  text: HTMLElement | null
}

/** Above a file of which two versions were kept: what happened, both to compare, and which one to go on with. */
export default function ConflictStrip({ entry, conflicts, editor, text }: ConflictStripProps) {
  const session = useSession()
  const conflict = conflicts[0] as Said<MirrorConflict>
  const { on, kind, sides } = conflict
  const { isBusy, whyRole, whyNotKeep, keep, settle, pair, whyNotCompare, isConnected } = useConflict(
    conflict,
    entry,
    editor,
  )
  const [isComparing, setComparing] = useState(false)
  const whyId = useId()
  const compareButton = useRef<HTMLButtonElement>(null)
  useTick(30_000)
  const keeps = [
    { side: 'disk', label: 'Keep disk', why: whyNotKeep('disk') },
    { side: 'remote', label: 'Keep shared', why: whyNotKeep('remote') },
  ] as const
  const why = keeps.find((k) => k.why !== undefined)?.why ?? whyNotCompare

  return (
    <section className={styles.conflict} aria-label="Two versions of this file">
      <div className={styles.row}>
        <p className={styles.what} role="status">
          {conflictSentence(conflict, on.name)}{' '}
          <span className={styles.when} aria-live="off">
            {relativeTime(conflict.at, session.serverNow())}
            {conflicts.length > 1 && ` · ${conflicts.length - 1} more of this file`}
          </span>
        </p>
        <div className={styles.answers}>
          {pair && (
            <Button
              ref={compareButton}
              aria-expanded={isComparing}
              disabled={whyNotCompare !== undefined}
              onClick={() => setComparing(!isComparing)}
            >
              Compare
            </Button>
          )}
          {entry.kind === 'blob' && isConnected && (
            <>
              {sides.disk && <SideLink name="Disk’s" path={entry.path} {...sides.disk} />}
              {sides.remote && <SideLink name="Shared" path={entry.path} {...sides.remote} />}
            </>
          )}
          {keeps.map(({ side, label, why: whyNot }) => (
            <Button
              key={side}
              disabled={isBusy || whyNot !== undefined}
              aria-describedby={whyNot === undefined ? undefined : whyId}
              onClick={() => void keep(side)}
            >
              {label}
            </Button>
          ))}
          {kind === 'lines' && (
            <Button disabled={isBusy || whyRole !== undefined} onClick={settle}>
              Keep both
            </Button>
          )}
        </div>
      </div>
      {why !== undefined && (
        <p className={styles.why} id={whyId}>
          {visibleText(why)}
        </p>
      )}
      {isComparing &&
        pair &&
        text &&
        createPortal(
          <ConflictCompare
            entry={entry}
            name={on.name}
            disk={pair.disk}
            shared={pair.shared}
            onClose={() => {
              setComparing(false)
              compareButton.current?.focus()
            }}
          />,
          text,
        )}
    </section>
  )
}

type SideLinkProps = { name: string; path: string; blob: string; size: number }

/** What is no text is looked at with whatever opens it. */
function SideLink({ name, path, blob, size }: SideLinkProps) {
  const { workspaceId } = useSession().place
  return (
    <a className={`${button.button} ${button.quiet}`} href={blobUrl(workspaceId, blob)} download={nameOf(path)}>
      <Download size={14} aria-hidden /> {name}, {sizeWords(size)}
    </a>
  )
}
