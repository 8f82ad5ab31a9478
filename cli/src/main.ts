#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { daemonAlone, serverAlone } from './alone.ts'
import { addSettings, settingsOf, thisMachine } from './config.ts'
import { doctor } from './doctor.ts'
import { login, logout } from './login.ts'
import { makePlayground } from './playground.ts'
import { failureOf, sentenceOf, toTerminal } from './say.ts'
import { status, token } from './status.ts'
import { ProgramFailed } from './supervise.ts'
import { addTaskCommands } from './task.ts'
import { up } from './up.ts'

const machine = thisMachine()
const say = toTerminal()
const [stop, force] = [new AbortController(), new AbortController()]
// The first signal ends everything cleanly; who repeats it does not want to wait.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => (stop.signal.aborted ? force.abort() : stop.abort()))
}

const playground = fileURLToPath(new URL('../../playground', import.meta.url))
const program = new Command('tandem')
  .description('A folder on your disk as a live, shared, offline-capable workspace.')
  .showHelpAfterError('(npm run tandem -- --help tells what there is)')

addSettings(program.command('up', { isDefault: true }))
  .description('serve a folder: server and daemon together')
  .argument('[folder]', 'the folder; without one, a small sample workspace is made and opened')
  .action((folder: string | undefined, _: unknown, command: Command) =>
    up(
      {
        folder: folder ?? makePlayground(playground),
        settings: settingsOf(command, machine),
        machine,
        say,
        force: force.signal,
      },
      stop.signal,
    ),
  )
addSettings(program.command('server'))
  .description('run the server alone')
  .action((_: unknown, command: Command) =>
    serverAlone({ settings: settingsOf(command, machine), machine, say, force: force.signal }, stop.signal),
  )
addSettings(program.command('daemon'))
  .description(
    'share a folder with a server elsewhere (--server URL, after `login`, or with its API key in TANDEM_TOKEN)',
  )
  .argument('[folder]', 'the folder', '.')
  .action((folder: string, _: unknown, command: Command) =>
    daemonAlone({ settings: settingsOf(command, machine), machine, say, force: force.signal }, folder, stop.signal),
  )
addSettings(program.command('login'))
  .description('let this machine into a server elsewhere (--server URL): a person confirms a code in its page')
  .action(async (_: unknown, command: Command) => {
    process.exitCode = await login({ settings: settingsOf(command, machine), machine, say }, stop.signal)
  })
addSettings(program.command('logout'))
  .description('forget the key that `login` got')
  .action((_: unknown, command: Command) => logout({ settings: settingsOf(command, machine), machine, say }))
addSettings(program.command('status'))
  .description('whether a folder is served, and where')
  .argument('[folder]', 'the folder', '.')
  .action(async (folder: string, _: unknown, command: Command) => {
    process.exitCode = await status({ folder, settings: settingsOf(command, machine), machine, say })
  })
addSettings(program.command('token'))
  .description("print the owner's API key of a folder")
  .argument('[folder]', 'the folder', '.')
  .action((folder: string, _: unknown, command: Command) =>
    token({ folder, settings: settingsOf(command, machine), machine, say }),
  )
addSettings(program.command('doctor'))
  .description('look at everything Tandem needs')
  .argument('[folder]', 'the folder', '.')
  .action(async (folder: string, _: unknown, command: Command) => {
    process.exitCode = await doctor({ folder, settings: settingsOf(command, machine), machine, say })
  })
addTaskCommands(program, { machine, say, stop: stop.signal, force: force.signal })

try {
  await program.parseAsync()
} catch (e) {
  const failure = e instanceof ProgramFailed ? e.failure : failureOf(e)
  say.err(sentenceOf(failure))
  if (failure.code === 'internal' && e instanceof Error && !(e instanceof ProgramFailed)) say.err(e.stack ?? '')
  process.exitCode = 1
}
