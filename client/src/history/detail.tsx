import { type Checkpoint, type Id, type Step, visibleText } from '@tandem/shared'
import { ArrowLeft, Flag } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { ChangedFiles } from './changed-files.tsx'
import { pairsOf, pairsSince } from './compare.ts'
import { Comparison, type DiffView } from './comparison.tsx'
import styles from './history.module.css'
import { NameDialog } from './name-dialog.tsx'
import { momentOf, momentsOf } from './moments.ts'
import { RemoveName } from './remove-name.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import { StepLine } from './timeline-row.tsx'
import { useSince } from './use-since.ts'
import { useWhyNot } from './use-why-not.ts'
import type { VersionTexts } from './version-texts.ts'

export type Chosen = { step: Step; checkpoint?: undefined } | { checkpoint: Checkpoint; step?: undefined }

type DetailProps = {
  chosen: Chosen
  /** Whether nothing came after it. */
  isNewest: boolean
  /** The newest version that is known to matter. */
  head: number
  texts: VersionTexts
  Diff: DiffView
  /** The file that the timeline is about: it is shown first. */
  file: Id | undefined
  onBack: () => void
}

/** A step or a checkpoint: its files, what differs, and the ways back. */
export function Detail({ chosen: { step, checkpoint }, isNewest, head, texts, Diff, file, onBack }: DetailProps) {
  const session = useSession()
  const files = useView(session.files)
  const [isSince, setSince] = useState(false)
  const [shown, setShown] = useState<Id | undefined>(file)
  const [picked, setPicked] = useState<ReadonlySet<Id>>(new Set())
  const [dialog, setDialog] = useState<'restore' | 'name'>()
  const whyNot = useWhyNot()
  const since = useSince(checkpoint?.seq, head)
  const fromStep = useMemo(() => step && (isSince ? pairsSince(step, files) : pairsOf(step)), [step, isSince, files])
  const pairs = fromStep ?? since.pairs
  const pair = pairs?.find((p) => p.fileId === shown) ?? pairs?.[0]
  // The step’s own words name its only file.
  const isAlone = step !== undefined && step.files.length + step.more === 1
  const now = session.serverNow()
  const version = step?.seq ?? checkpoint?.seq ?? head
  const pick = (id: Id, isPicked: boolean) => {
    const next = new Set(picked)
    if (isPicked) next.add(id)
    else next.delete(id)
    setPicked(next)
  }
  const moments = step ? momentsOf(step, { isSince, isNewest }, now) : [momentOf(version, checkpoint?.at ?? now, now)]
  return (
    <section className={styles.detail} aria-label="What is chosen">
      <header className={styles.head}>
        <button type="button" data-back className={styles.back} onClick={onBack}>
          <ArrowLeft size={16} aria-hidden /> Steps
        </button>
        <h2 className={styles.title}>
          {step ? (
            <StepLine step={step} now={now} />
          ) : (
            <>
              <Flag size={12} className={styles.flag} aria-hidden /> {visibleText(checkpoint?.name ?? '')}
            </>
          )}
        </h2>
        {step && (
          <div className={styles.switch} role="group" aria-label="Compare">
            <button type="button" aria-pressed={!isSince} onClick={() => setSince(false)}>
              The step
            </button>
            <button type="button" aria-pressed={isSince} onClick={() => setSince(true)}>
              Against now
            </button>
          </div>
        )}
        <span className={styles.actions}>
          {checkpoint?.kind === 'manual' && <RemoveName checkpoint={checkpoint} whyNot={whyNot} />}
          {step && (
            <Button variant="quiet" disabled={whyNot !== undefined} onClick={() => setDialog('name')}>
              Name it…
            </Button>
          )}
          <Button disabled={whyNot !== undefined} onClick={() => setDialog('restore')}>
            Restore…
          </Button>
        </span>
      </header>
      {whyNot !== undefined && <p className={styles.whyNot}>{whyNot}</p>}
      {since.trouble !== undefined ? (
        <Failed
          what="What differs from now did not come."
          safe={`It said: ${since.trouble}. Nothing is lost.`}
          action={<Button onClick={since.again}>Try again</Button>}
        />
      ) : !pairs ? (
        <Skeleton label="Loading what differs" widths={[52, 38, 61]} />
      ) : pairs.length === 0 ? (
        <Empty>{checkpoint ? 'Nothing differs from now.' : 'This step changed no file’s text.'}</Empty>
      ) : (
        <div className={styles.both} data-alone={isAlone || undefined}>
          {!isAlone && (
            <ChangedFiles
              pairs={pairs}
              more={step?.more ?? 0}
              current={pair?.fileId}
              picked={picked}
              onShow={setShown}
              onPick={pick}
            />
          )}
          <div className={styles.diff}>
            {pair && <Comparison key={pair.fileId} pair={pair} texts={texts} head={head} Diff={Diff} />}
          </div>
        </div>
      )}
      {dialog === 'restore' && (
        <RestoreDialog
          moments={moments}
          file={pair}
          picked={(pairs ?? []).filter((p) => picked.has(p.fileId))}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'name' && <NameDialog version={version} onClose={() => setDialog(undefined)} />}
    </section>
  )
}
