import { refuseNul } from './command.ts'

/** HOME inside the sandbox: a memory file system that ends with the command. */
export const sandboxHome = '/home/task'

const passed = ['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TERM', 'COLORTERM']
const secretName = /KEY|TOKEN|SECRET|PASS|AUTH|COOKIE|CREDENTIAL/i
const steersPrograms =
  /^(LD_|DYLD_|GIT_|NODE_OPTIONS$|BASH_ENV$|ENV$|BASH_FUNC_|IFS$|SSH_|PROMPT_COMMAND$|PYTHONSTARTUP$|PERL5OPT$|RUBYOPT$)/

type EnvironmentOptions = {
  /** The daemon's own environment, of which a handful of names is passed on. */
  host: NodeJS.ProcessEnv
  path: readonly string[]
  /** What the toolchains need to find themselves, such as PYENV_ROOT. */
  toolchains?: Readonly<Record<string, string>>
  /** What the task asked for; dangerous names are left out. */
  task?: Readonly<Record<string, string>> | undefined
  /** What leads it to its way out, where it has one. */
  network?: Readonly<Record<string, string>> | undefined
  /** A person is there, to be asked and shown things, at a terminal that is not the daemon's. */
  atTerminal?: boolean
}

/**
 * The environment of a command, built from nothing: inheriting the daemon's would hand its keys to every task
 * (SBX-72). NODE_ENV as the founding text wants it (S138). Throws `bad-request` for a value that is none.
 */
export function commandEnvironment({
  host,
  path,
  toolchains,
  task,
  network,
  atTerminal,
}: EnvironmentOptions): Record<string, string> {
  return {
    TERM: 'xterm-256color',
    ...pick(host, (name) => passed.includes(name)),
    NODE_ENV: 'development',
    // Many tools then colour what they print; FORCE_COLOR would also colour `$(node -p 1)`, and break scripts.
    ...(atTerminal ? { TERM: 'xterm-256color', COLORTERM: 'truecolor' } : { CI: '1' }),
    GIT_TERMINAL_PROMPT: '0',
    ...silent,
    ...(network ?? offline),
    ...toolchains,
    ...whole(pick(task ?? {}, isAllowedName)),
    PATH: path.join(':'),
    HOME: sandboxHome,
    USER: 'task',
    LOGNAME: 'task',
    SHELL: '/bin/bash',
    TMPDIR: '/tmp',
    TANDEM_TASK: '1',
  }
}

/** Nobody is told that there is something newer. */
const silent = { npm_config_update_notifier: 'false', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
/** There is no network: package managers fail at once instead of trying again for minutes. A task may set them anew. */
const offline = {
  npm_config_fetch_retries: '0',
  YARN_HTTP_RETRY: '0',
  PIP_RETRIES: '0',
  UV_HTTP_RETRIES: '0',
  CARGO_NET_RETRY: '0',
}

/** May a task set this variable? Not names of secrets (they would end up in documents), nor those that steer programs. */
export const isAllowedName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !secretName.test(name) && !steersPrograms.test(name)

function whole(given: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(given)) refuseNul(`the variable ${name}`, value)
  return given
}

function pick(from: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(from).filter((entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0])),
  )
}
