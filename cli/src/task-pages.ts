import { z } from 'zod'
import type { TaskServer } from './task-server.ts'
import { TaskNow } from './task-stream.ts'

const Page = z.object({ tasks: z.array(TaskNow.loose()), cursor: z.string().optional() })

/** A task as a list has it; with all that a newer server says of it. */
export type Listed = z.infer<typeof Page>['tasks'][number]

const pageSize = 500

/** One page of tasks, the newest first. */
export const taskPage = async (server: TaskServer, query: string) =>
  Page.parse(await (await server.call(`?${query}`)).json())

/** All that the query means, or the newest of them, page by page. */
export async function everyTask(server: TaskServer, query: string, most = Infinity): Promise<Listed[]> {
  const found: Listed[] = []
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await taskPage(server, `${query}&limit=${pageSize}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    found.push(...page.tasks)
    cursor = found.length < most ? page.cursor : undefined
  }
  return found
}
