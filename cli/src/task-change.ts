import { isTandemError, messageOf, plainText, TandemError, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { openTaskServer, type TaskServer } from './task-server.ts'
import { TaskNow } from './task-stream.ts'

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
  let code = 0
  try {
    for (const id of ids) {
      try {
        const raw =
          verb === 'approve' || verb === 'reject'
            ? await decide(server, id, verb, comment)
            : await server.post(`/${encodeURIComponent(id)}/${verb}`, verb === 'cancel' ? { force } : undefined)
        const task = TaskNow.parse(raw)
        say.out(settings.json ? JSON.stringify(raw) : `${task.id}  ${task.state}`)
      } catch (e) {
        if (!isTandemError(e)) throw e
        say.err(`tandem: ${id}: ${plainText(messageOf(e))}.`)
        code = 1
      }
    }
    return code
  } finally {
    await server.close()
  }
}

/** Answers what a task waits for; throws `conflict` where it waits for no answer. */
async function decide(server: TaskServer, id: string, answer: 'approve' | 'reject', comment: string | undefined) {
  const route = `/${encodeURIComponent(id)}`
  const read = async (): Promise<unknown> => (await server.call(route)).json()
  const { state, approvalId } = TaskNow.loose().parse(await read())
  if (state !== 'awaiting_approval' || typeof approvalId !== 'string')
    throw new TandemError('conflict', { reason: 'it does not wait for approval' })
  await server.decide(approvalId, answer, comment)
  return read()
}
