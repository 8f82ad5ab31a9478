import { isTerminal, type Task } from '@tandem/shared'
import { SquareTerminal, Text } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { ErrorBoundary } from '../../ui/error-boundary.tsx'
import { Skeleton } from '../../ui/states.tsx'
import { useSession } from '../../session/session-context.ts'
import { TaskOutput } from '../task-output.tsx'
import styles from './terminal.module.css'

const TerminalView = lazy(() => import('./terminal-view.tsx'))

type AttemptViewProps = Omit<ComponentProps<typeof TaskOutput>, 'taskId' | 'isOver'> & { task: Task }

/** What an attempt wrote: lines of text, or, where it is at a terminal, that terminal, with the text a click away. */
export function AttemptView({ task, ...shown }: AttemptViewProps) {
  const session = useSession()
  const size = task.payload.kind === 'command' ? task.payload.terminal : undefined
  // An address that names a line is of the text.
  const [asText, setAsText] = useState(shown.at !== undefined)
  const isOver = shown.attempt !== task.attempt || isTerminal(task.state)
  const text = <TaskOutput {...shown} taskId={task.id} isOver={isOver} />
  if (!size) return text
  const choice = (
    <div className={styles.choice} role="group" aria-label="Show as">
      <button type="button" aria-pressed={!asText} onClick={() => setAsText(false)}>
        <SquareTerminal size={13} aria-hidden /> Terminal
      </button>
      <button type="button" aria-pressed={asText} onClick={() => setAsText(true)}>
        <Text size={13} aria-hidden /> Text
      </button>
    </div>
  )
  if (asText)
    return (
      <>
        <header className={styles.bar}>{choice}</header>
        {text}
      </>
    )
  return (
    <ErrorBoundary what="The terminal" onError={(error) => session.log.error('the terminal failed', { error })}>
      <Suspense fallback={<Skeleton label="The terminal is loading" widths={[30, 50, 20]} />}>
        <TerminalView task={task} attempt={shown.attempt} size={size} output={shown.output}>
          {choice}
        </TerminalView>
      </Suspense>
    </ErrorBoundary>
  )
}
