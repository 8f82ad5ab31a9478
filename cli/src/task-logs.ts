import { plainText, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { createIdFinder } from './task-ids.ts'
import { createPrinter, type Streams } from './task-output.ts'
import { openTaskServer } from './task-server.ts'
import { taskEvents } from './task-stream.ts'

type LogsOptions = {
  id: string
  follow: boolean
  settings: Settings
  machine: Machine
  say: Say
  streams: Streams
  stop: AbortSignal
}

/** `tandem task logs`: the output of a task's last attempt so far, and with `-f` what comes until it has ended. */
export async function taskLogs({ id, follow, settings, machine, say, streams, stop }: LogsOptions): Promise<number> {
  const server = await openTaskServer({ settings, machine, signal: stop })
  const closed = new AbortController()
  const signal = AbortSignal.any([stop, closed.signal])
  const printer = createPrinter(streams, () => closed.abort())
  try {
    const task = await createIdFinder(server)(id)
    for await (const event of taskEvents(server, task, { follow, signal })) {
      if (event.event === 'output') await printer.print(event.chunk)
      if (event.event === 'gap') say.err(`… ${event.to - event.from} pieces of the output are missing here …`)
      if (event.event === 'away') say.err(`${plainText(event.reason)}: asking again until it answers.`)
    }
    return 0
  } catch (e) {
    if (!signal.aborted) throw e
    return 0
  } finally {
    await server.close()
  }
}
