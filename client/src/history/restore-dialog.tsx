import { isTandemError, messageOf, visibleText, type RestoreRequest } from '@tandem/shared'
import { useEffect, useState } from 'react'
import type { z } from 'zod'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { Pair } from './compare.ts'
import styles from './history.module.css'
import type { Moment } from './moments.ts'
import { restoreWords, targetOf } from './restore-words.ts'
import { countFiles } from './step-words.ts'
import { useRestored } from './use-restore.ts'

type RestoreDialogProps = {
  /** At least one; the first is the one offered. */
  moments: readonly Moment[]
  /** The file on the screen, and those that were ticked. */
  file: Pair | undefined
  picked: readonly Pair[]
  onClose: () => void
}

/** Which files, to which moment, and what will happen then: said before anything does. */
export function RestoreDialog({ onClose, ...asked }: RestoreDialogProps) {
  // As when it opened: others go on writing, and with a newer step another moment would be offered first.
  const [{ moments, file, picked }] = useState(asked)
  const { history } = useSession()
  const restored = useRestored()
  const scopes = [
    ...(file ? [{ label: visibleText(file.path), pairs: [file] }] : []),
    ...(picked.length > 1 ? [{ label: `The ${countFiles(picked.length)} chosen`, pairs: picked }] : []),
    { label: 'Everything in the workspace', pairs: undefined },
  ]
  const [scopeAt, setScopeAt] = useState(picked.length > 1 && file ? 1 : 0)
  const [momentAt, setMomentAt] = useState(0)
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const pairs = scopes[scopeAt]?.pairs
  const { version, side, when } = moments[momentAt] as Moment
  const differing = useDiffering(version, pairs === undefined)

  const restore = async () => {
    setBusy(true)
    setTrouble(undefined)
    const request: z.infer<typeof RestoreRequest> = { version, ...(pairs && { files: pairs.map((p) => p.fileId) }) }
    try {
      restored(await history.restore(request))
      onClose()
    } catch (e) {
      setTrouble(`${isKept(e) ? 'Not safe yet' : 'Nothing was restored'}: ${messageOf(e)}.`)
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Restore"
      onClose={() => !isBusy && onClose()}
      actions={
        <>
          <Button onClick={onClose} disabled={isBusy}>
            Cancel
          </Button>
          <Button variant="primary" disabled={isBusy} onClick={() => void restore()}>
            {isBusy ? 'Restoring…' : 'Restore'}
          </Button>
        </>
      }
    >
      <div className={styles.choices}>
        <Choice name="what" legend="What" labels={scopes.map((s) => s.label)} at={scopeAt} onChoose={setScopeAt} />
        {moments.length > 1 && (
          <Choice
            name="when"
            legend="As it was"
            labels={moments.map((m) => m.label)}
            at={momentAt}
            onChoose={setMomentAt}
          />
        )}
      </div>
      <p role="status">
        {restoreWords(
          pairs ? { version, when, pairs: pairs.map((p) => targetOf(p, side)) } : { version, when, differing },
        )}{' '}
        It is a new change in your name: others go on writing, nothing of the past is lost, and you can undo it.
      </p>
      {trouble !== undefined && (
        <p className={styles.trouble} role="alert">
          {trouble}
        </p>
      )}
    </Dialog>
  )
}

type ChoiceProps = {
  name: string
  legend: string
  labels: readonly string[]
  at: number
  onChoose: (at: number) => void
}

const Choice = ({ name, legend, labels, at, onChoose }: ChoiceProps) => (
  <fieldset className={styles.choice}>
    <legend>{legend}</legend>
    {labels.map((label, i) => (
      <label key={label}>
        <input type="radio" name={name} checked={i === at} onChange={() => onChoose(i)} />
        {label}
      </label>
    ))}
  </fieldset>
)

/** Refused by the disk alone: what was asked for stands, and is written once that works. */
const isKept = (e: unknown) => isTandemError(e, 'store-failed') || isTandemError(e, 'disk-full')

/** How many files differ from that version now; undefined until it is known. */
function useDiffering(version: number, isWanted: boolean): number | undefined {
  const { history, log } = useSession()
  const [known, setKnown] = useState<{ version: number; count: number }>()
  useEffect(() => {
    if (!isWanted) return
    const ending = new AbortController()
    history.diff(version, 'head', ending.signal).then(
      ({ files }) => setKnown({ version, count: files.length }),
      // The sentence does without the number.
      (e: unknown) => log.debug('what differs is not known', { error: e }),
    )
    return () => ending.abort()
  }, [history, log, version, isWanted])
  return known?.version === version ? known.count : undefined
}
