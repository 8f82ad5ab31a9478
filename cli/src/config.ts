import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { messageOf, readSettings, Settings, TandemError } from '@tandem/shared'
import type { Command } from 'commander'

/** What the programs of this machine know: the environment, once, handed down. */
export type Machine = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly isTTY: boolean
}

/** The machine as this process finds it. */
export const thisMachine = (): Machine => ({
  env: process.env,
  home: process.env.HOME || homedir(),
  isTTY: process.stdout.isTTY === true,
})

/** The person's folder for settings of Tandem. */
export const configDir = ({ env, home }: Pick<Machine, 'env' | 'home'>): string =>
  join(env.XDG_CONFIG_HOME || join(home, '.config'), 'tandem')

/** One line of help for the settings people reach for; the others are options too, but hidden. */
type Help = { readonly [K in keyof Settings]?: string }
const help: Help = {
  port: 'port of the page and of everything else; 0 takes any free one (default 4310)',
  host: 'address to listen on (default 127.0.0.1)',
  data: 'where Tandem keeps its own data (default: one folder for each served folder, in your data folder)',
  open: 'do not open the browser',
  json: 'print one line of JSON when everything is ready, and nothing else',
  logLevel: 'debug, info, warn or error (default info)',
  unsafeNoSandbox: 'run commands without the sandbox: they can then do whatever you can',
  insecure: 'allow listening beyond this machine, or joining a server there, without TLS',
  tlsCert: 'certificate chain (PEM) of the server: with it and --tls-key it speaks TLS',
  tlsKey: 'private key (PEM) of that certificate',
  tlsCa: 'certificates (PEM) that a daemon trusts beside those of the system',
  publicUrl: 'address under which people reach the server, where it is another',
  server: 'address of the server to sign in to, or to share a folder with',
  shared: 'let several daemons serve one workspace; each of them must say so',
  name: 'what the workspace is called (default: the name of the folder); with daemon, what this machine is called',
}
const switches: ReadonlySet<string> = new Set([
  'json',
  'unsafeNoSandbox',
  'insecure',
  'shared',
  'polling',
] satisfies (keyof Settings)[])

/** Everybody on a machine can read a command line: these come from the environment or the file alone. */
const secrets: ReadonlySet<string> = new Set([
  'token',
  'queueApiKey',
  'assistantApiKey',
  'oidcClientSecret',
] satisfies (keyof Settings)[])

const all = Object.keys(Settings.shape) as (keyof Settings)[]

/**
 * Gives a command an option for each of these settings, or for every one, but secrets: `maxDocBytes` is
 * `--max-doc-bytes N`. `words`: what a setting does there, where that is not what it does elsewhere.
 */
export function addSettings(command: Command, keys: readonly (keyof Settings)[] = all, words: Help = {}): Command {
  for (const key of keys) {
    if (secrets.has(key)) continue
    const name = '--' + kebab(key)
    const flags =
      key === 'open'
        ? '--no-open'
        : switches.has(key)
          ? name
          : `${name} <${/[a-z]+$/i.exec(kebab(key))?.[0] ?? 'value'}>`
    const does = words[key] ?? help[key]
    const option = command.createOption(flags, does)
    command.addOption(does ? option : option.hideHelp())
  }
  return command.option('--config <file>', 'settings file (default: tandem/config.json in your configuration folder)')
}

/** The settings of a command that was given: its flags, over the environment, over the file. */
export function settingsOf(command: Command, machine: Machine): Settings {
  const given = Object.entries(command.opts<Record<string, unknown>>()).filter(
    ([key]) => command.getOptionValueSource(key) === 'cli' && (key === 'config' || key in Settings.shape),
  )
  const { config, ...flags } = Object.fromEntries(given)
  const fallback = join(configDir(machine), 'config.json')
  return readSettings({
    file: readFile(typeof config === 'string' ? config : fallback, typeof config === 'string'),
    env: machine.env,
    flags,
  })
}

/** The settings as environment variables, which is how the child programs get them. */
export function environmentOf(settings: Settings): Record<string, string> {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([key, value]) => [`TANDEM_${kebab(key).replaceAll('-', '_').toUpperCase()}`, String(value)]),
  )
}

/** The server's secrets, under all their names: the daemon, which runs what others ask for, is not told them. */
const serverSecrets = [
  'TANDEM_OIDC_CLIENT_SECRET',
  'TANDEM_QUEUE_API_KEY',
  'TANDEM_ASSISTANT_API_KEY',
  'QUEUE_API_KEY',
  'ASSISTANT_API_KEY',
]

/**
 * The same for a daemon that is started beside its server: the name given is the workspace's; the daemon is called
 * after its machine.
 */
export function environmentBeside(settings: Settings): Record<string, string | undefined> {
  const untold = Object.fromEntries(serverSecrets.map((name) => [name, undefined]))
  return { ...environmentOf(settings), TANDEM_NAME: undefined, ...untold }
}

function readFile(path: string, isWanted: boolean): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (e) {
    if (!isWanted && (e as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new TandemError('config-invalid', { reason: `the configuration file cannot be read: ${messageOf(e)}` }, e)
  }
  try {
    return JSON.parse(text)
  } catch (e) {
    throw new TandemError(
      'config-invalid',
      { reason: `the configuration file is not JSON: ${messageOf(e)}`, file: path },
      e,
    )
  }
}

const kebab = (s: string) => s.replaceAll(/[A-Z]/g, (c) => '-' + c.toLowerCase())
