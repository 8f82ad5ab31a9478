import { atLeast, diffText, messageOf, TandemError } from '@tandem/shared'
import type { FileEntry, MirrorConflict } from '@tandem/shared/docs'
import { type RefObject, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import type { Said } from '../session/attention.ts'
import { blobText, hasBlobText } from '../session/blob-texts.ts'
import { conflictSentence } from '../session/conflict-words.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { toast } from '../ui/toast.ts'
import type { EditorHandle } from './code-editor.tsx'
import { ConflictCompare } from './conflict-compare.tsx'
import styles from './conflict.module.css'
import { blobsOf, keepPlan, type KeepPlan, type Side } from './keep-plan.ts'
import { keepSide } from './keep-side.ts'

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
  const { workspaceId } = session.place
  const { claims } = useView(session.identity)
  const { phase } = useView(session.link)
  const [isBusy, setBusy] = useState(false)
  const [isComparing, setComparing] = useState(false)
  const whyId = useId()
  const compareButton = useRef<HTMLButtonElement>(null)
  useTick(30_000)
  const conflict = conflicts[0] as Said<MirrorConflict>
  const { on, kind } = conflict

  const whyRole = atLeast(claims.role, 'editor')
    ? undefined
    : `As ${claims.role} you may compare the versions, not choose between them.`
  const whyAway = (blobs: readonly { blob: string }[]) =>
    phase !== 'connected' && blobs.some(({ blob }) => !hasBlobText(workspaceId, blob))
      ? 'The versions are on the server: they can be fetched when the connection is back.'
      : undefined
  const plans = {
    disk: keepPlan(conflict, 'disk', entry, on.name),
    remote: keepPlan(conflict, 'remote', entry, on.name),
  }
  const whyNot = (plan: KeepPlan) => whyRole ?? (plan.is === 'no' ? plan.why : whyAway(blobsOf(plan)))
  const why = { disk: whyNot(plans.disk), remote: whyNot(plans.remote) }
  const pair = comparable(conflict, entry)
  const whyNoCompare = pair && whyAway(pair)

  const settle = () => {
    session.requests.ask({ kind: 'answer', daemon: on.id, question: conflict.id, answer: 'dismiss' })
  }
  const keep = async (side: Side) => {
    const plan = plans[side]
    setBusy(true)
    try {
      const said = await carryOut(plan)
      settle()
      toast(`Kept the ${words[side]} version${said}. Both stay in .tandem/conflicts on ${on.name} for 30 days.`)
    } catch (e) {
      toast(`Nothing was changed: ${messageOf(e)}.`)
    } finally {
      setBusy(false)
    }
  }
  const carryOut = async (plan: KeepPlan): Promise<string> => {
    if (plan.is === 'facts') session.files.transact(() => session.files.setFacts(entry.id, plan.facts), 'files')
    if (plan.is !== 'edit') return ''
    const [chosen, before] = await Promise.all(blobsOf(plan).map((blob) => textOf(workspaceId, blob)))
    let left = 0
    const done = editor.current?.edit(entry.id, (current) => {
      const kept = keepSide(before, chosen ?? '', current)
      left = kept.conflicts
      return diffText(current, kept.text)
    })
    if (done !== true) throw new TandemError('conflict', { reason: 'the text is not open, or would be too large' })
    return left === 0 ? '; undo takes it back' : '; lines that were changed since are there too, so look at them'
  }

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
              disabled={whyNoCompare !== undefined}
              onClick={() => setComparing(!isComparing)}
            >
              Compare
            </Button>
          )}
          <Button
            disabled={isBusy || why.disk !== undefined}
            aria-describedby={why.disk === undefined ? undefined : whyId}
            onClick={() => void keep('disk')}
          >
            Keep disk
          </Button>
          <Button
            disabled={isBusy || why.remote !== undefined}
            aria-describedby={why.remote === undefined ? undefined : whyId}
            onClick={() => void keep('remote')}
          >
            Keep shared
          </Button>
          {kind === 'lines' && (
            <Button disabled={isBusy || whyRole !== undefined} onClick={settle}>
              Keep both
            </Button>
          )}
        </div>
      </div>
      {(why.disk ?? why.remote ?? whyNoCompare) !== undefined && (
        <p className={styles.why} id={whyId}>
          {why.disk ?? why.remote ?? whyNoCompare}
        </p>
      )}
      {isComparing &&
        pair &&
        text &&
        createPortal(
          <ConflictCompare
            path={entry.path}
            name={on.name}
            disk={pair[0]}
            shared={pair[1]}
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

const words = { disk: 'disk’s', remote: 'shared' } as const

/** Both sides, where they are texts to be read side by side. */
function comparable({ sides: { disk, remote } }: MirrorConflict, entry: FileEntry) {
  return entry.kind === 'text' && disk && remote ? ([disk, remote] as const) : undefined
}

async function textOf(workspaceId: string, blob: { blob: string; size: number }): Promise<string> {
  const { text, reason } = await blobText(workspaceId, blob)
  if (text === undefined) throw new TandemError('bad-request', { reason })
  return text
}
