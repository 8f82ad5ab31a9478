import { commandLine, type Id, isTerminal, statusOf, visibleText } from '@tandem/shared'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { duration, useTick } from '../ui/relative-time.ts'
import styles from './chat.module.css'
import { ScrollText } from './scroll-text.tsx'

/** A task that was made from the conversation: how it stands, the end of what it wrote, and the way to all of it. */
export function RanTask({ id }: { id: Id }) {
  const session = useSession()
  const task = useView(session.tasks).get(id)
  const refusal = useView(session.requests.refusals).get(id)
  const isOffline = useView(session.link).phase === 'offline'
  useTick(1_000, task !== undefined && !isTerminal(task.state))
  if (!task) {
    const word = refusal ? `refused: ${refusal.reason}` : isOffline ? 'waits for the connection' : 'asked for'
    return (
      <p className={styles.task} role="status">
        {visibleText(word)}
      </p>
    )
  }
  const { startedAt, completedAt, result, state } = task
  const took = startedAt === undefined ? undefined : duration((completedAt ?? session.serverNow()) - startedAt)
  const code = result?.exitCode
  const words = [wordOf(state), code != null && code !== 0 && `exit ${code}`, took].filter(Boolean).join(' · ')
  const tail = result?.output?.tail.trimEnd() ?? result?.error
  return (
    <div className={styles.task}>
      <a href={`#task=${id}`} data-status={statusOf(state)}>
        <code>{visibleText(commandLine(task.payload)).split('\n')[0]?.slice(0, 120)}</code>
        <span>{words}</span>
      </a>
      {tail !== undefined && tail !== '' && (
        <ScrollText label="The end of its output">{visibleText(tail).split('\n').slice(-8).join('\n')}</ScrollText>
      )}
    </div>
  )
}

const wordOf = (state: string): string => (state === 'awaiting_approval' ? 'needs approval' : state.replace('_', ' '))
