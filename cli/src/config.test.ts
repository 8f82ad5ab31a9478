import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, type Settings } from '@tandem/shared'
import { Command } from 'commander'
import { afterAll, expect, test } from 'vitest'
import { addSettings, environmentBeside, environmentOf, settingsOf, type Machine } from './config.ts'

const home = mkdtempSync(join(tmpdir(), 'tandem-cli-'))
afterAll(() => rmSync(home, { recursive: true }))
const machine = (env: Machine['env'] = {}): Machine => ({ env, home, isTTY: false })

function parse(args: string[], env: Machine['env'] = {}): Settings {
  let settings: Settings | undefined
  const program = new Command().exitOverride()
  addSettings(program.command('up', { isDefault: true }))
    .argument('[folder]')
    .action((_folder: unknown, _options: unknown, command: Command) => {
      settings = settingsOf(command, machine(env))
    })
  program.parse(['node', 'tandem', ...args])
  if (!settings) throw new Error('nothing was parsed')
  return settings
}

test('[OPS-1] a flag beats the environment, which beats the file, which beats the default', () => {
  const file = join(home, 'config.json')
  writeFileSync(file, JSON.stringify({ port: 1000, slots: 5, helloMs: 7 }))
  const settings = parse(['--config', file, '--port', '3000'], { TANDEM_PORT: '2000', TANDEM_SLOTS: '4' })
  expect(settings).toMatchObject({ port: 3000, slots: 4, helloMs: 7, host: '127.0.0.1' })
})

test('[OPS-1] without flags nothing is overridden: --no-open is not given unless given', () => {
  expect(parse([]).open).toBe(true)
  expect(parse([], { TANDEM_OPEN: 'false' }).open).toBe(false)
  expect(parse(['--no-open']).open).toBe(false)
  expect(parse(['up', 'x', '--json', '--unsafe-no-sandbox', '--max-doc-bytes', '99'])).toMatchObject({
    json: true,
    unsafeNoSandbox: true,
    maxDocBytes: 99,
  })
})

test('[OPS-1] what is wrong is named with where it came from', () => {
  expect(() => parse(['--port', 'x'])).toThrow(/port.*--port/)
  expect(() => parse([], { TANDEM_PORT: '99999' })).toThrow(/TANDEM_PORT/)
  expect(() => parse(['--config', join(home, 'missing.json')])).toThrow(/configuration file cannot be read/)
  writeFileSync(join(home, 'broken.json'), '{')
  expect(() => parse(['--config', join(home, 'broken.json')])).toThrow(/not JSON/)
})

test('[OPS-1] every setting reaches the child programs through their environment', () => {
  const settings = parse([
    '--port',
    '0',
    '--allowed-hosts',
    'a,b',
    '--name',
    'My folder',
    '--no-open',
    '--server',
    'http://x:1',
  ])
  expect(readSettings({ env: environmentOf(settings) })).toEqual(settings)
})

test('[OPS-20] the name given to a folder that is served is the workspace’s, not the daemon’s', () => {
  const settings = parse(['--name', 'My folder'])
  const env = { ...environmentOf(settings), ...environmentBeside(settings) }
  expect(readSettings({ env }).name).toBeUndefined()
  expect(readSettings({ env: environmentOf(settings) }).name).toBe('My folder')
})

test('[OPS-24] a daemon beside its server is not told the server’s secrets', () => {
  const secrets = {
    TANDEM_OIDC_ISSUER: 'https://login.example',
    TANDEM_OIDC_CLIENT_ID: 'tandem',
    TANDEM_OIDC_CLIENT_SECRET: 'secret-of-the-provider',
    QUEUE_API_KEY: 'secret-of-the-queue-'.padEnd(32, 'x'),
    ASSISTANT_API_KEY: 'secret-of-the-assistant-'.padEnd(32, 'x'),
  }
  const settings = parse([], secrets)
  const told = { ...secrets, ...environmentOf(settings), ...environmentBeside(settings) }
  expect(Object.values(told).filter((value) => value?.startsWith('secret-'))).toEqual([])
})

test('[OPS-25] no secret is taken from a command line', () => {
  const command = addSettings(new Command('up'))
  const flags = command.options.map(({ long }) => long)
  expect(flags).toContain('--tls-key') // a file's name
  for (const secret of ['--token', '--queue-api-key', '--assistant-api-key', '--oidc-client-secret'])
    expect(flags).not.toContain(secret)
})
