import { TandemError } from '@tandem/shared'
import type { Command } from 'commander'
import { addSettings, settingsOf, type Machine } from './config.ts'
import type { Say } from './say.ts'
import { taskChange } from './task-change.ts'
import { taskList } from './task-list.ts'
import { taskLogs } from './task-logs.ts'
import { interrupted } from './task-output.ts'
import { taskRun } from './task-run.ts'

type Context = { machine: Machine; say: Say; stop: AbortSignal; force: AbortSignal }

/** The settings that say which server is meant, and how to speak. */
const settings = ['server', 'data', 'tlsCa', 'insecure'] as const
const words = {
  server: 'address of the server (default: the one of the folder you are in)',
  data: 'the data folder of the folder you are in, if it was served with one that cannot be found',
  tlsCa: 'certificates (PEM) to trust beside those of the system',
  insecure: 'allow a server beyond this machine without TLS',
}
const anId = 'the id of the task, or its last characters: 4 at least'
const someIds = 'the ids of the tasks, or their last characters: 4 at least'
const eachAsJson = 'print how each stands then as a line of JSON'
const hour = 3_600_000

/** `tandem task …`: handing work to a workspace's daemons from a terminal or a script. */
export function addTaskCommands(program: Command, { machine, say, stop, force }: Context): void {
  const task = program
    .command('task')
    .description('run commands in the workspace, and look after them')
    // What stands behind the command to run is the command's own.
    .enablePositionalOptions()
  /** `json`: what is printed with `--json`, where there is that. */
  const verb = (name: string, json?: string) =>
    json === undefined
      ? addSettings(task.command(name), settings, words)
      : addSettings(task.command(name), [...settings, 'json'], { ...words, json })
  const common = { machine, say, stop }
  const streams = { stdout: process.stdout, stderr: process.stderr }
  const ends = async (code: Promise<number>) => {
    process.exitCode = await code.catch((e: unknown) => {
      // Ended by Ctrl-C while the server was asked.
      if (stop.aborted) return interrupted
      throw e
    })
  }

  verb('run', 'print the task as a line of JSON when it has ended, or with --detach when it is made; no output')
    .description("run a command where the folder is, show its output, and end with the command's own exit code")
    .argument('<command...>', 'the command, best behind --: tandem task run -- npm test')
    .option('--cwd <folder>', 'where in the workspace (default: where you are in it)')
    .option('--title <title>', 'what it is called in lists')
    .option('--timeout <time>', 'how long it may take: 90, 90s, 15m, 2h', spanOf, hour)
    .option('--priority <number>', 'from -10 to 10', Number, 0)
    .option('--requires <names>', 'what a daemon must have, with commas between', listOf, [])
    .option('--network <hosts>', 'hosts it wants to reach, with commas between; @npm for the registry of npm', listOf)
    .option('--ports <numbers>', 'ports at which its own servers are to be reached', portsOf)
    .option('--bash', 'hand it as one line to the shell over the shared files, which are in its /workspace', false)
    .option('--session <name>', 'with --bash: go on where the last line of that name ended')
    .option('--detach', 'print the id of the task, and do not wait for it', false)
    .passThroughOptions()
    .action((argv: string[], given: RunFlags, command: Command) => {
      const { timeout: timeoutMs, ...more } = given
      const what = { argv, timeoutMs, ...more }
      return ends(taskRun({ ...what, ...common, settings: settingsOf(command, machine), streams, force }))
    })
  verb('list', 'print them as one line of JSON')
    .description('tasks under way and the last that ended')
    .option('--all', 'all that there are', false)
    .action(({ all }: { all: boolean }, command: Command) =>
      ends(taskList({ all, ...common, settings: settingsOf(command, machine), columns: process.stdout.columns })),
    )
  verb('logs')
    .description('what a task has put out')
    .argument('<id>', anId)
    .option('-f, --follow', 'go on until it has ended', false)
    .action((id: string, { follow }: { follow: boolean }, command: Command) =>
      ends(taskLogs({ id, follow, ...common, settings: settingsOf(command, machine), streams })),
    )
  verb('cancel', eachAsJson)
    .description('end tasks')
    .argument('<id...>', someIds)
    .option('--force', 'give them up at once', false)
    .action((ids: string[], { force: isForced }: { force: boolean }, command: Command) =>
      ends(taskChange({ verb: 'cancel', ids, force: isForced, ...common, settings: settingsOf(command, machine) })),
    )
  for (const [name, does] of [
    ['retry', 'run tasks that have ended once more'],
    ['rerun', 'run the same once more as new tasks'],
  ] as const)
    verb(name, eachAsJson)
      .description(does)
      .argument('<id...>', someIds)
      .action((ids: string[], _: unknown, command: Command) =>
        ends(taskChange({ verb: name, ids, ...common, settings: settingsOf(command, machine) })),
      )
  for (const [name, does] of [
    ['approve', 'say yes to what tasks wait for, for this once'],
    ['reject', 'say no to what tasks wait for'],
  ] as const)
    verb(name, eachAsJson)
      .description(does)
      .argument('<id...>', someIds)
      .option('--comment <words>', 'kept with the answer; of a no it is the reason')
      .action((ids: string[], { comment }: { comment?: string }, command: Command) =>
        ends(taskChange({ verb: name, ids, comment, ...common, settings: settingsOf(command, machine) })),
      )
}

type RunFlags = {
  bash: boolean
  session?: string
  cwd?: string
  title?: string
  timeout: number
  priority: number
  requires: string[]
  network?: string[]
  ports?: number[]
  detach: boolean
}

const listOf = (names: string): string[] => names.split(',')
const portsOf = (numbers: string): number[] => listOf(numbers).map(Number)

/** `90`, `90s`, `15m`, `2h` in ms. */
export function spanOf(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  if (number === undefined)
    throw new TandemError('config-invalid', { reason: `--timeout ${text} is no time: write 90, 90s, 15m or 2h` })
  return Math.round(Number(number) * { ms: 1, s: 1_000, m: 60_000, h: hour }[unit as 'ms' | 's' | 'm' | 'h'])
}
