import { useMemo } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { taskItems, type TaskItem } from './describe.ts'

/** The workspace's tasks with what is asked for here and not yet folded, live. */
export function useWorkspaceTasks(): { tasks: readonly TaskItem[]; isLoading: boolean } {
  const session = useSession()
  const tasks = useView(session.tasks)
  const requests = useView(session.requests)
  const { ready } = useView(session.tasksState)
  const link = useView(session.link)
  return {
    tasks: useMemo(() => taskItems(tasks, requests), [tasks, requests]),
    isLoading: !ready && link.phase !== 'offline',
  }
}
