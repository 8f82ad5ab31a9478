import { atLeast, type Id, messageOf, visibleText } from '@tandem/shared'
import type { Left } from '@tandem/shared/docs'
import { ChevronRight } from 'lucide-react'
import { use, useState } from 'react'
import { decideHunks, type Decided } from '../session/decide-hunks.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { toast } from '../ui/toast.ts'
import { idsOf, type Change, type FileChanges } from './changes.ts'
import styles from './chat.module.css'
import { countsOf, linesOf } from './hunk-lines.ts'
import { ReachContext } from './markdown.tsx'
import { ScrollText } from './scroll-text.tsx'

/** So many lines of one change are shown; the editor has them all. */
const maxLines = 60

type Decide = (decided: Decided, hunks: readonly string[], whole?: boolean) => void

/** Decides about changes of one run; what could not be done is said. */
function useDecide(run: Id): { decide: Decide; isBusy: boolean; whyNot: string | undefined } {
  const session = useSession()
  const { role } = useView(session.identity).claims
  const [isBusy, setBusy] = useState(false)
  const decide: Decide = (decided, hunks, whole = false) => {
    if (isBusy || hunks.length === 0) return
    setBusy(true)
    decideHunks(session, run, { decided, hunks, whole })
      .then((left) => left.length > 0 && toast(leftWords(left)))
      .catch((e: unknown) => toast(`Nothing was changed: ${messageOf(e)}.`))
      .finally(() => setBusy(false))
  }
  return { decide, isBusy, whyNot: atLeast(role, 'editor') ? undefined : `As ${role} you may look, not decide.` }
}

const leftWords = (left: readonly Left[]) =>
  `${left.length === 1 ? 'One change stays as it is' : `${left.length} changes stay as they are`}: ${left[0]?.reason ?? ''}.`

/** All that a run changed: kept or undone as a whole, by file, or piece by piece. */
export function ChangesCard({ run, files }: { run: Id; files: readonly FileChanges[] }) {
  const { decide, isBusy, whyNot } = useDecide(run)
  const all = files.flatMap(({ changes }) => changes)
  const open = idsOf(all, 'open')
  const rejected = idsOf(all, 'rejected')
  const words = open.length === 0 ? 'all looked at' : `${open.length} of ${all.length} to look at`
  return (
    <section className={styles.changes} aria-label="What was changed">
      <header>
        <h3>
          {files.length} {files.length === 1 ? 'file' : 'files'} changed
        </h3>
        <span className={styles.quiet}>{words}</span>
        {open.length > 0 && (
          <>
            <Button disabled={isBusy || whyNot !== undefined} onClick={() => decide('accept', open)}>
              Keep all
            </Button>
            <Button
              disabled={isBusy || whyNot !== undefined}
              title="Undoes what the agent wrote. What people typed in it stays."
              onClick={() => decide('reject', idsOf(all, 'open', 'accepted'), true)}
            >
              Undo all
            </Button>
          </>
        )}
        {open.length === 0 && rejected.length > 0 && (
          <Button disabled={isBusy || whyNot !== undefined} onClick={() => decide('back', rejected)}>
            Bring all back
          </Button>
        )}
      </header>
      {whyNot !== undefined && <p className={styles.quiet}>{whyNot}</p>}
      <ul>
        {files.map((each) => (
          <FileCard key={each.file} each={each} isStill={isBusy || whyNot !== undefined} decide={decide} />
        ))}
      </ul>
    </section>
  )
}

function FileCard({ each, isStill, decide }: { each: FileChanges; isStill: boolean; decide: Decide }) {
  const { path, changes } = each
  const { openFile } = use(ReachContext)
  const open = idsOf(changes, 'open')
  const rejected = idsOf(changes, 'rejected')
  const [isShown, setShown] = useState(false)
  const { added, removed } = countsOf(changes.flatMap(({ hunk }) => (hunk.kind === 'edit' ? [hunk] : [])))
  const shown = visibleText(path)
  return (
    <li className={styles.file}>
      <div className={styles.fileLine}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={isShown}
          aria-label={`Changes in ${shown}`}
          onClick={() => setShown(!isShown)}
        >
          <ChevronRight size={13} aria-hidden data-open={isShown} />
        </button>
        <button type="button" className={styles.fileLink} title={`Open ${shown}`} onClick={() => openFile(path)}>
          <code>{shown}</code>
        </button>
        <span className={styles.counts}>
          <ins aria-label={`${added} lines added`}>+{added}</ins>{' '}
          <del aria-label={`${removed} lines removed`}>−{removed}</del>
        </span>
        <span className={styles.answers}>
          {open.length > 0 ? (
            <>
              <Button
                variant="quiet"
                aria-label={`Keep ${shown}`}
                disabled={isStill}
                onClick={() => decide('accept', open)}
              >
                Keep
              </Button>
              <Button
                variant="quiet"
                aria-label={`Undo ${shown}`}
                disabled={isStill}
                onClick={() => decide('reject', open)}
              >
                Undo
              </Button>
            </>
          ) : rejected.length > 0 ? (
            <>
              <span className={styles.quiet}>undone</span>
              <Button
                variant="quiet"
                aria-label={`Bring back ${shown}`}
                disabled={isStill}
                onClick={() => decide('back', rejected)}
              >
                Bring back
              </Button>
            </>
          ) : (
            <span className={styles.quiet}>kept</span>
          )}
        </span>
      </div>
      {isShown && changes.map((change) => <HunkView key={change.id} {...{ change, isStill, decide }} />)}
    </li>
  )
}

/** One change, its lines before and after; a rejected one stays to be seen. */
function HunkView({ change, isStill, decide }: { change: Change; isStill: boolean; decide: Decide }) {
  const { id, hunk, state } = change
  const lines = hunk.kind === 'edit' ? linesOf(hunk) : []
  const what = hunk.kind === 'edit' ? `Line ${hunk.line.toLocaleString('en')}` : indexWords[hunk.kind]
  const from = hunk.kind === 'move' ? `, from ${visibleText(hunk.from)}` : ''
  return (
    <div className={styles.hunk} data-state={state}>
      <div className={styles.hunkLine}>
        <span>
          {what}
          {from}
          {state !== 'open' && ` · ${state === 'accepted' ? 'kept' : 'undone'}`}
        </span>
        {state === 'open' && (
          <Button
            variant="quiet"
            disabled={isStill}
            aria-label={`Keep: ${what}`}
            onClick={() => decide('accept', [id])}
          >
            Keep
          </Button>
        )}
        {state === 'rejected' ? (
          <Button variant="quiet" disabled={isStill} onClick={() => decide('back', [id])}>
            Bring back
          </Button>
        ) : (
          <Button
            variant="quiet"
            disabled={isStill}
            aria-label={`Undo: ${what}`}
            onClick={() => decide('reject', [id])}
          >
            Undo
          </Button>
        )}
      </div>
      {lines.length > 0 && (
        <ScrollText className={styles.diff} label={`${what}, before and after`}>
          {lines.slice(0, maxLines).map(({ sign, text }, i) => (
            <span key={i} data-sign={sign}>
              {`${sign} ${visibleText(text)}\n`}
            </span>
          ))}
          {lines.length > maxLines && <span>{`… ${lines.length - maxLines} more lines\n`}</span>}
        </ScrollText>
      )}
    </div>
  )
}

const indexWords = { create: 'The file was made', remove: 'The file was removed', move: 'The file was moved' }
