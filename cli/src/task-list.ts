import { plainText, statesThat, taskStateWords, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { everyTask, taskPage, type Listed } from './task-pages.ts'
import { openTaskServer, type TaskServer } from './task-server.ts'
import { nameLine } from './task-words.ts'

/** Of those that have ended so many are shown, unless all are asked for. */
const endedShown = 20

type ListOptions = {
  all: boolean
  settings: Settings
  machine: Machine
  say: Say
  stop: AbortSignal
  /** Lines are cut there; nowhere where nothing is said, as in a pipe. */
  columns?: number | undefined
}

/** `tandem task list`: those under way and the last that ended, or all; newest first. A terminal gets a line above them. */
export async function taskList({
  all,
  settings,
  machine,
  say,
  stop,
  columns = Infinity,
}: ListOptions): Promise<number> {
  const server = await openTaskServer({ settings, machine, signal: stop })
  try {
    const tasks = all ? await everyTask(server, '') : await recent(server)
    if (settings.json) say.out(JSON.stringify({ tasks }))
    else if (tasks.length === 0) say.out('There are no tasks.')
    else {
      if (machine.isTTY) say.out(row({ id: 'ID', state: 'STATE', age: 'AGE', name: 'TASK' }, columns))
      for (const task of tasks) say.out(line(task, Date.now(), columns))
    }
    return 0
  } finally {
    await server.close()
  }
}

/** One that ends between the questions is shown once, as it was last. */
async function recent(server: TaskServer): Promise<Listed[]> {
  const under = [await everyTask(server, 'status=pending'), await everyTask(server, 'status=running')].flat()
  const last = (await taskPage(server, `limit=${under.length + endedShown}`)).tasks
  const byId = new Map([...under, ...last].map((task) => [task.id, task]))
  const isUnderWay = ({ state }: Listed) => !(statesThat.haveEnded as readonly string[]).includes(state)
  const newestFirst = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const ended = new Set(newestFirst.filter((task) => !isUnderWay(task)).slice(0, endedShown))
  return newestFirst.filter((task) => isUnderWay(task) || ended.has(task))
}

/** Id, state, age and title in one line; why it waits, where it does. */
function line({ id, state, title, createdAt, waiting }: Listed, now: number, columns: number): string {
  const why = waiting ? ` (${plainText(waiting.reason)})` : ''
  const shown = { id, state: taskStateWords[state], age: age(now - Date.parse(createdAt)), name: nameLine(title) + why }
  return row(shown, columns)
}

function row(shown: { id: string; state: string; age: string; name: string }, columns: number): string {
  const text = `${shown.id.padEnd(26)}  ${shown.state.padEnd(14)}  ${shown.age.padStart(4)}  ${shown.name}`
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
