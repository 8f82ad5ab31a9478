import { isTerminal, type Id, type Task, type TaskOutput, type TerminalSize } from '@tandem/shared'
import { Accessibility, Maximize2, Minimize2 } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useSession } from '../../session/session-context.ts'
import { useView } from '../../session/use-view.ts'
import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { asFlag, useRemembered } from '../../ui/remembered.ts'
import styles from './terminal.module.css'
import { useFullWindow } from './use-full-window.ts'
import { useOutput } from './use-output.ts'
import { useScreen } from './use-screen.ts'
import { useTyping } from './use-typing.ts'
import { driverWords, whyNotTyped } from './words.ts'

type TerminalViewProps = {
  task: Task
  attempt: number
  /** The size that it began with. */
  size: TerminalSize
  /** As the record has it, once the attempt has ended. */
  output: Pick<TaskOutput, 'segments'> | undefined
  /** The way to another view of the same output. */
  children: ReactNode
}

/** How soon after its beginning a terminal takes the focus of who asked for it, ms. */
const freshMs = 10_000

/** An attempt's terminal: everybody sees the same, who may types, and it has the size of the view of who typed last. */
export default function TerminalView({ task, attempt, size, output, children }: TerminalViewProps) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const isOffline = useView(session.link).phase !== 'connected'
  const members = useView(session.ops.members)
  const [isRead, setRead] = useRemembered('tandem.terminal.reader', false, asFlag)
  const [address, setAddress] = useState<string>()
  const why = whyNotTyped({ task, attempt, role: claims.role, isOffline })
  const mayType = why === undefined

  const whole = useFullWindow()
  const { host, screen, fits } = useScreen({ size, isRead, mayType, onLink: setAddress })
  const { drive, isLive, trouble: missing, again } = useOutput({ taskId: task.id, attempt, output, screen })
  const trouble = useTyping({ task: task.id, attempt, screen, fits, drive, isLive, mayType })

  // What was put away remembers no size: it is given the view's, where that is wider.
  const { cols, rows } = drive?.size ?? (output && fits && fits.cols > size.cols ? fits : size)
  useEffect(() => screen?.show({ cols, rows }), [screen, cols, rows, fits])
  useEffect(() => {
    const isFresh = task.startedAt !== undefined && session.serverNow() - task.startedAt < freshMs
    if (mayType && screen && isFresh && task.createdBy === claims.principal && isNothingTypedElsewhere())
      screen.terminal.focus()
    // oxlint-disable-next-line react/exhaustive-deps -- once, when it can be typed at
  }, [screen, mayType])

  const hasEnded = attempt !== task.attempt || isTerminal(task.state)
  const driver = hasEnded ? undefined : driverWords(drive, claims, (id: Id) => members.get(id)?.name)
  const isMine = drive?.session === claims.session
  return (
    <section ref={whole.ref} className={styles.terminal} aria-label="Terminal" onBlur={whole.onBlur}>
      <header className={styles.bar}>
        {children}
        <span className={styles.driver} role="status">
          {driver}
          {driver !== undefined && <span className={styles.size}>{` · ${cols} × ${rows}`}</span>}
          {mayType && driver !== undefined && !isMine && ' · type to take over'}
        </span>
        {why !== undefined && <span className={styles.why}>{why}</span>}
        {missing !== undefined && (
          <span className={styles.why}>
            {isOffline ? 'The whole is on the server.' : `The rest did not come: ${missing}.`}{' '}
            <Button variant="quiet" disabled={isOffline} onClick={again}>
              Try again
            </Button>
          </span>
        )}
        {trouble !== undefined && (
          <span className={styles.trouble} role="alert">
            Not all of it was typed: {trouble}.
          </span>
        )}
        <span className={styles.grow} />
        <span className={styles.tools}>
          {mayType && (
            <span className={styles.hint}>
              <kbd>F6</kbd> leaves
            </span>
          )}
          <IconButton label="Made for a screen reader" aria-pressed={isRead} onClick={() => setRead(!isRead)}>
            <Accessibility size={14} aria-hidden />
          </IconButton>
          <IconButton
            label={whole.isOn ? 'Back to its place' : 'Fill the window'}
            onClick={() => {
              whole.toggle()
              screen?.terminal.focus()
            }}
          >
            {whole.isOn ? <Minimize2 size={14} aria-hidden /> : <Maximize2 size={14} aria-hidden />}
          </IconButton>
        </span>
      </header>
      <div ref={host} className={styles.host} />
      {address !== undefined && <div className={styles.address}>{address}</div>}
    </section>
  )
}

/** Nobody is in the middle of a word in some other place. */
function isNothingTypedElsewhere(): boolean {
  const { activeElement } = document
  if (activeElement instanceof HTMLInputElement) return activeElement.value === ''
  // The run box; an editor's own text field is empty whatever stands in the file.
  const isBox = activeElement instanceof HTMLTextAreaElement && activeElement.form !== null
  return activeElement === document.body || (isBox && activeElement.value === '')
}
