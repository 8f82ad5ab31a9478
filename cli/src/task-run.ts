import { createId, isTandemError, isTerminal, messageOf, plainText, TandemError, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Say } from './say.ts'
import { createPrinter, endOf, type Streams } from './task-output.ts'
import { openTaskServer, type TaskServer } from './task-server.ts'
import { taskEvents, TaskNow } from './task-stream.ts'

export type RunOptions = {
  /** The command and its arguments. */
  argv: readonly string[]
  /** The words are lines for the shell over the shared files, `session`'s where it is named. */
  bash?: boolean
  session?: string | undefined
  /** Relative to the workspace; where the person stands, where nothing is said. */
  cwd?: string | undefined
  title?: string | undefined
  timeoutMs: number
  priority: number
  requires: readonly string[]
  /** What it wants to reach, and where it wants to be reached. */
  network?: readonly string[] | undefined
  ports?: readonly number[] | undefined
  detach: boolean
  settings: Settings
  machine: Machine
  say: Say
  streams: Streams
  /** The first Ctrl-C cancels, the second does not wait for the daemon. */
  stop: AbortSignal
  force: AbortSignal
}

/**
 * `tandem task run`: the output as it comes, and the exit code of the command: 124 where it ran out of time, 130 where it
 * was cancelled, 128 and the signal's number where one ended it, 1 where it was refused or could not be run.
 */
export async function taskRun(options: RunOptions): Promise<number> {
  const { settings, machine, say, stop } = options
  const quit = new AbortController()
  const onStop = () => quit.abort()
  stop.addEventListener('abort', onStop)
  const server = await openTaskServer({ settings, machine, signal: quit.signal })
  try {
    const raw = await server.post('', inputOf(options, server.here), createId()).catch((e: unknown) => {
      if (stop.aborted) say.err('Stopped before the server answered: the task may have been made all the same.')
      throw e
    })
    // From here on there is something to cancel.
    stop.removeEventListener('abort', onStop)
    const task = TaskNow.parse(raw)
    if (!options.detach) return await attend(server, task, options)
    say.out(settings.json ? JSON.stringify(raw) : task.id)
    return 0
  } finally {
    stop.removeEventListener('abort', onStop)
    await server.close()
  }
}

function inputOf(options: RunOptions, here: string) {
  const { title, timeoutMs, priority, requires } = options
  return { payload: payloadOf(options, here), timeoutMs, priority, requires, ...(title !== undefined && { title }) }
}

function payloadOf({ argv, bash = false, session, cwd, network, ports }: RunOptions, here: string) {
  const refuse = (reason: string) => new TandemError('config-invalid', { reason })
  if (!bash) {
    if (session !== undefined) throw refuse('--session is for --bash: a command has none')
    const [command = '', ...args] = argv
    return { kind: 'command', command, args, cwd: cwd ?? here, network, ports }
  }
  if (cwd !== undefined || network || ports)
    throw refuse('--cwd, --network and --ports are for commands; with --bash write cd /workspace/… into the line')
  return { kind: 'bash', script: argv.join(' '), session }
}

/** Shows a task until it has ended. */
async function attend(server: TaskServer, { id }: TaskNow, options: RunOptions): Promise<number> {
  const { say, settings, stop, force } = options
  const closed = new AbortController()
  const printer = createPrinter(options.streams, () => closed.abort())
  const gone = new AbortController()
  const cancel = async (isForced: boolean) => {
    try {
      await server.post(`/${id}/cancel`, { force: isForced })
    } catch (e) {
      // It has ended meanwhile, which is about to be told.
      if (isTandemError(e, 'conflict')) return
      say.err(`It could not be cancelled (${plainText(messageOf(e))}), and may still run: ${id}.`)
      if (isForced) gone.abort()
    }
  }
  const onStop = () => {
    say.err('Cancelling it… Ctrl-C again gives it up at once.')
    void cancel(false)
  }
  const onForce = () => void cancel(true)
  const onClosed = () => void cancel(false)
  stop.addEventListener('abort', onStop, { once: true })
  force.addEventListener('abort', onForce, { once: true })
  closed.signal.addEventListener('abort', onClosed, { once: true })
  if (stop.aborted) onStop()
  const tell = createTeller(server, say)
  try {
    for await (const event of taskEvents(server, id, { signal: gone.signal })) {
      if (event.event === 'away')
        say.err(`${plainText(event.reason)}: asking again until it answers. The task goes on.`)
      if (event.event === 'gap') say.err(`… ${event.to - event.from} pieces of the output are missing here …`)
      if (event.event === 'output' && !settings.json) await printer.print(event.chunk)
      if (event.event !== 'state') continue
      tell(event.task)
      if (!isTerminal(event.task.state)) continue
      const { code, words } = endOf(event.task)
      if (settings.json) say.out(JSON.stringify(event.raw))
      else if (words !== undefined) say.err(`tandem: ${words}.`)
      return code
    }
  } catch (e) {
    if (!gone.signal.aborted) throw e
  } finally {
    stop.removeEventListener('abort', onStop)
    force.removeEventListener('abort', onForce)
  }
  return 1
}

/** Says, once each, what keeps a task from running. */
function createTeller({ page }: TaskServer, say: Say): (task: TaskNow) => void {
  let told = ''
  return ({ id, state, attempt, reason, approvalId, waiting }) => {
    const words =
      state === 'awaiting_approval'
        ? {
            key: `${state} ${approvalId}`,
            text: [
              `It waits for approval: ${reason ?? ''}`,
              `Allow or deny it at ${page}/#task=${id}`,
              `or with: tandem task approve ${id}, or reject`,
            ].join('\n'),
          }
        : state === 'disconnected'
          ? {
              key: `${state} ${attempt}`,
              text: 'The daemon that runs it is out of reach; its output comes when it is back.',
            }
          : waiting && !waiting.reason.startsWith('it is about to')
            ? { key: waiting.reason, text: `It waits: ${waiting.reason}. (${id})` }
            : undefined
    if (!words || words.key === told) return
    told = words.key
    say.err(plainText(words.text))
  }
}
