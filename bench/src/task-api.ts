import type { Tandem } from '@tandem/e2e'
import type { Id } from '@tandem/shared'
import { pause } from './pause.ts'

/** As much of a task as is measured; times by the server's clock. */
export type Seen = {
  id: Id
  state: string
  createdAt: string
  startedAt?: string
  completedAt?: string
  attempts: readonly unknown[]
  result?: { output?: { tail: string; segments?: unknown[] } }
}

/** Tasks over REST with the owner's key. */
export function taskApi(tandem: Tandem) {
  const path = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const look = async (id: Id) => {
    const answer = await tandem.api(`${path}/${id}`)
    if (!answer.ok) throw new Error(`a task cannot be looked at: ${answer.status}`)
    return (await answer.json()) as Seen
  }
  return {
    ask: async (command: string, args: readonly string[] = [], more: object = {}): Promise<Id> => {
      const answer = await tandem.api(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ payload: { kind: 'command', command, args }, ...more }),
      })
      const { id } = (await answer.json()) as { id?: Id }
      if (id === undefined) throw new Error(`a task was not taken: ${answer.status}`)
      return id
    },
    look,
    /** Looks now and then until it has ended: each look costs the server something too. */
    ended: async (id: Id, everyMs: number): Promise<Seen> => {
      for (;;) {
        const task = await look(id)
        if (task.completedAt !== undefined) return task
        await pause(everyMs)
      }
    },
  }
}

export const timeOf = (time: string | undefined): number => Date.parse(time ?? '')
export const msToStart = ({ createdAt, startedAt }: Seen): number => timeOf(startedAt) - timeOf(createdAt)
export const msToEnd = ({ createdAt, completedAt }: Seen): number => timeOf(completedAt) - timeOf(createdAt)
