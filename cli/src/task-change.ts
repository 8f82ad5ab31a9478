import {
  isTandemError,
  isTerminal,
  messageOf,
  plainText,
  TandemError,
  taskStateWords,
  type Id,
  type Settings,
} from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { createIdFinder } from './task-ids.ts'
import { openTaskServer, persistently, type TaskServer } from './task-server.ts'
import { TaskNow } from './task-stream.ts'
import { nameLine } from './task-words.ts'

type ChangeOptions = {
  verb: 'cancel' | 'retry' | 'rerun' | 'approve' | 'reject'
  ids: readonly string[]
  comment?: string | undefined
  force?: boolean
  settings: Settings
  machine: Machine
  say: Say
  stop: AbortSignal
}

/** `tandem task cancel|retry|rerun|approve|reject`: does it to each, says how each stands then, and returns 1 where one was refused. */
export async function taskChange({
  verb,
  ids,
  force = false,
  comment,
  settings,
  machine,
  say,
  stop,
}: ChangeOptions): Promise<number> {
  const server = await openTaskServer({ settings, machine, signal: stop })
  const find = createIdFinder(server)
  let code = 0
  try {
    for (const given of ids) {
      try {
        const id = await find(given)
        const raw =
          verb === 'approve' || verb === 'reject'
            ? await decide(server, id, verb, comment)
            : verb === 'rerun'
              ? await rerun(server, id)
              : verb === 'retry'
                ? await retry(server, id)
                : await server.post(`/${id}/cancel`, { force })
        const task = TaskNow.parse(raw)
        const word = verb === 'approve' ? 'allowed' : verb === 'reject' ? 'denied' : taskStateWords[task.state]
        say.out(settings.json ? JSON.stringify(raw) : `${task.id}  ${word}: ${nameLine(task.title)}`)
      } catch (e) {
        if (!isTandemError(e)) throw e
        say.err(`tandem: ${plainText(given)}: ${plainText(messageOf(e))}.`)
        code = 1
      }
    }
    return code
  } finally {
    await server.close()
  }
}

/** What is under way when it is asked for again is so because of the first time, of which the answer was lost. */
const retry = (server: TaskServer, id: Id): Promise<unknown> =>
  persistently(async (n) => {
    try {
      return await (await server.call(`/${id}/retry`, { method: 'POST' })).json()
    } catch (e) {
      if (n === 1 || !isTandemError(e, 'conflict')) throw e
      const raw: unknown = await (await server.call(`/${id}`)).json()
      if (isTerminal(TaskNow.parse(raw).state)) throw e
      return raw
    }
  })

/** Asked once alone: a second try, where only the answer to the first was lost, would make another task. */
async function rerun(server: TaskServer, id: Id): Promise<unknown> {
  try {
    return await (await server.call(`/${id}/rerun`, { method: 'POST' })).json()
  } catch (e) {
    if (!isTandemError(e, 'offline')) throw e
    const reason = `${messageOf(e)}; the new task may have been made all the same: \`tandem task list\` shows it`
    throw new TandemError('offline', { reason }, e)
  }
}

/** Answers what a task waits for; throws `conflict` where it waits for no answer. */
async function decide(server: TaskServer, id: Id, answer: 'approve' | 'reject', comment: string | undefined) {
  const read = () => persistently(async (): Promise<unknown> => (await server.call(`/${id}`)).json())
  const { state, approvalId } = TaskNow.loose().parse(await read())
  if (state !== 'awaiting_approval' || typeof approvalId !== 'string')
    throw new TandemError('conflict', { reason: 'it does not wait for approval' })
  await server.decide(approvalId, answer, comment)
  return read()
}
