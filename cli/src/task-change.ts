import { isTandemError, messageOf, plainText, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { openTaskServer } from './task-server.ts'
import { TaskNow } from './task-stream.ts'

type ChangeOptions = {
  verb: 'cancel' | 'retry' | 'rerun'
  ids: readonly string[]
  force?: boolean
  settings: Settings
  machine: Machine
  say: Say
  stop: AbortSignal
}

/** `tandem task cancel|retry|rerun`: does it to each, says how each stands then, and returns 1 where one was refused. */
export async function taskChange({
  verb,
  ids,
  force = false,
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
        const raw = await server.post(`/${encodeURIComponent(id)}/${verb}`, verb === 'cancel' ? { force } : undefined)
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
