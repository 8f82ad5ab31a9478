import { atLeast, isTerminal, type Id, type Task, type TaskPayload } from '@tandem/shared'
import { CopyPlus, Play, RotateCw, Square } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { isFailure, isRefusedByPolicy } from './describe.ts'
import { askedOf } from './items.ts'
import styles from './tasks.module.css'

type TaskActionsProps = {
  task: Task
  /** Another run was asked for, which is a task of its own. */
  onRerun: (id: Id) => void
  /** Puts the command into the run box, to be changed before it is run. */
  onDuplicate: (payload: TaskPayload, timeoutMs: number | undefined) => void
}

/** What can be done with a task. All of it works offline: it is asked for when the connection is back. */
export function TaskActions({ task, onRerun, onDuplicate }: TaskActionsProps) {
  const { identity, link, requests, tasks: all } = useSession()
  const { claims } = useView(identity)
  const isOffline = useView(link).phase !== 'connected'
  const asked = askedOf(useView(requests), task.id)
  const tasks = useView(all)
  const whyNot = atLeast(claims.role, 'runner') ? undefined : `As ${claims.role} you may not run commands.`
  const may = { disabled: whyNot !== undefined, title: whyNot }
  const others =
    task.groupId === undefined
      ? 0
      : [...tasks.values()].filter(({ groupId, state }) => groupId === task.groupId && !isTerminal(state)).length
  const { id } = task
  return (
    <div className={styles.actions}>
      {asked.size > 0 && isOffline && <span className={styles.note}>Sent when the connection is back.</span>}
      {others > 1 && (
        <Button {...may} onClick={() => requests.ask({ kind: 'cancel-many', group: task.groupId })}>
          Cancel all {others} of the group
        </Button>
      )}
      {isTerminal(task.state) ? (
        <>
          {isFailure(task) && !isRefusedByPolicy(task) && (
            <Button
              title={whyNot ?? 'Another attempt of this task'}
              disabled={may.disabled || asked.has('retry')}
              onClick={() => requests.ask({ kind: 'retry', task: id })}
            >
              <RotateCw size={12} aria-hidden /> {asked.has('retry') ? 'Trying…' : 'Try again'}
            </Button>
          )}
          <Button
            title={whyNot ?? 'The same once more, as a new task'}
            disabled={may.disabled}
            onClick={() => onRerun(requests.ask({ kind: 'rerun', task: id }))}
          >
            <Play size={12} aria-hidden /> Run again
          </Button>
        </>
      ) : (
        <Button
          {...may}
          variant={task.cancel ? 'danger' : 'plain'}
          disabled={may.disabled || (asked.has('cancel') && !task.cancel)}
          onClick={() => requests.ask({ kind: 'cancel', task: id, force: task.cancel !== undefined })}
        >
          <Square size={12} aria-hidden />
          {task.cancel ? 'End it now' : asked.has('cancel') ? 'Cancelling…' : 'Cancel'}
        </Button>
      )}
      {task.payload.kind === 'command' && (
        <IconButton
          label={whyNot ?? 'Change the command and run it'}
          disabled={whyNot !== undefined}
          onClick={() => onDuplicate(task.payload, task.timeoutMs)}
        >
          <CopyPlus size={14} aria-hidden />
        </IconButton>
      )}
    </div>
  )
}
