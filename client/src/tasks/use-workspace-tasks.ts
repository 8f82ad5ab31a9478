import { isTerminal, type Id, type Task } from '@tandem/shared'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { lookOfTask, titleOf } from './describe.ts'
import { taskItems, type TaskItem } from './items.ts'

/** The workspace's tasks with what is asked for here and not yet folded, or was refused, live. */
export function useWorkspaceTasks(): { tasks: readonly TaskItem[]; isLoading: boolean; refused: string | undefined } {
  const session = useSession()
  const tasks = useView(session.tasks)
  const requests = useView(session.requests)
  const refusals = useView(session.requests.refusals)
  const { ready, refused } = useView(session.tasksState)
  const link = useView(session.link)
  return {
    tasks: useMemo(
      () => taskItems(tasks, requests, refusals, session.serverNow()),
      [tasks, requests, refusals, session],
    ),
    isLoading: !ready && link.phase !== 'offline',
    refused: ready ? undefined : refused,
  }
}

/** What to say to those who hear the page: how the task ended that ended last of those that this person asked for. */
export function useEndedWords(tasks: ReadonlyMap<string, Task>, me: Id): string {
  const open = useRef<ReadonlySet<string>>(new Set())
  const [words, setWords] = useState('')
  useEffect(() => {
    const ended = [...open.current].flatMap((id) => {
      const task = tasks.get(id)
      return task && isTerminal(task.state) ? [task] : []
    })
    const last = ended.at(-1)
    if (last) setWords(`${titleOf(last.payload).slice(0, 100)}: ${lookOfTask(last).word}`)
    open.current = new Set(
      [...tasks.values()].filter(({ createdBy, state }) => createdBy === me && !isTerminal(state)).map(({ id }) => id),
    )
  }, [tasks, me])
  return words
}
