import { plainText, statesThat, type Settings } from '@tandem/shared'
import { z } from 'zod'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { openTaskServer, type TaskServer } from './task-server.ts'
import { TaskNow } from './task-stream.ts'

const Page = z.object({ tasks: z.array(TaskNow.loose()), cursor: z.string().optional() })
type Shown = z.infer<typeof Page>['tasks'][number]

/** Of those that have ended so many are shown, unless all are asked for. */
const endedShown = 20
const pageSize = 500

type ListOptions = {
  all: boolean
  settings: Settings
  machine: Machine
  say: Say
  stop: AbortSignal
  columns?: number | undefined
}

/** `tandem task list`: those under way and the last that ended, or all; newest first. */
export async function taskList({ all, settings, machine, say, stop, columns = 100 }: ListOptions): Promise<number> {
  const server = await openTaskServer({ settings, machine, signal: stop })
  try {
    const tasks = all ? await every(server, '') : await recent(server)
    if (settings.json) say.out(JSON.stringify({ tasks }))
    else if (tasks.length === 0) say.out('There are no tasks.')
    else for (const task of tasks) say.out(line(task, Date.now(), columns))
    return 0
  } finally {
    await server.close()
  }
}

async function every(server: TaskServer, query: string): Promise<Shown[]> {
  const found: Shown[] = []
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await ask(server, `${query}&limit=${pageSize}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    found.push(...page.tasks)
    cursor = page.cursor
  }
  return found
}

/** One that ends between the questions is shown once, as it was last. */
async function recent(server: TaskServer): Promise<Shown[]> {
  const under = [await every(server, 'status=pending'), await every(server, 'status=running')].flat()
  const last = (await ask(server, `limit=${under.length + endedShown}`)).tasks
  const byId = new Map([...under, ...last].map((task) => [task.id, task]))
  const isUnderWay = ({ state }: Shown) => !(statesThat.haveEnded as readonly string[]).includes(state)
  const newestFirst = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const ended = new Set(newestFirst.filter((task) => !isUnderWay(task)).slice(0, endedShown))
  return newestFirst.filter((task) => isUnderWay(task) || ended.has(task))
}

const ask = async (server: TaskServer, query: string) => Page.parse(await (await server.call(`?${query}`)).json())

/** Id, state, age and title in one line; why it waits, where it does. */
function line({ id, state, title, createdAt, waiting }: Shown, now: number, columns: number): string {
  const name = plainText(title).replaceAll(/\s+/g, ' ')
  const why = waiting ? ` (${plainText(waiting.reason)})` : ''
  const text = `${id}  ${state.padEnd(17)}  ${age(now - Date.parse(createdAt)).padStart(4)}  ${name}${why}`
  return text.length > columns ? `${text.slice(0, columns - 1)}…` : text
}

function age(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000))
  return s < 60
    ? `${s}s`
    : s < 3_600
      ? `${Math.floor(s / 60)}m`
      : s < 86_400
        ? `${Math.floor(s / 3_600)}h`
        : `${Math.floor(s / 86_400)}d`
}
