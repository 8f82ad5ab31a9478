import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import type { Command, Runner } from '../sandbox/command.ts'
import { defaultLimits } from '../sandbox/limits.ts'
import { createContainers, type ContainersOptions } from './containers.ts'

type TryOptions = Omit<ContainersOptions, 'bootId' | 'cpus'>

/** The name of each attack, and a function of it as text, that fails where it is held off. The canaries are ours. */
const attacks: ReadonlyArray<readonly [name: string, text: string]> = [
  ['read a file outside', `fs.readFileSync(env.OUTSIDE + '/canary')`],
  ['write outside the folder', `fs.writeFileSync('/usr/tandem', '')`],
  ['see what is hidden', `fs.readFileSync('.env')[0].toFixed()`],
  ['change what is protected', `fs.writeFileSync('.vscode/settings.json', '')`],
  ['be root', `if (process.getuid() !== 0) throw 0`],
  [
    'gain rights',
    `if (!/CapEff:\\s*0*[1-9a-f]|NoNewPrivs:\\s*0/.test(fs.readFileSync('/proc/self/status', 'utf8'))) throw 0`,
  ],
  ['see the processes of the machine', `if (fs.readdirSync('/proc').filter(Number).length < 12) throw 0`],
  [
    'reach the network',
    `await new Promise((ok, no) => net.connect(Number(env.PORT), '127.0.0.1').on('connect', ok).on('error', no))`,
  ],
  ['have a network at all', `if (!Object.keys(os.networkInterfaces()).some((name) => name !== 'lo')) throw 0`],
]
const leaveBehind = 'leave behind what other programs run'
const tooManyProcesses = 'start processes without limit'
const tooMuchMemory = 'use memory without limit'

const program = `
import fs from 'node:fs'; import net from 'node:net'; import os from 'node:os'; import { env } from 'node:process'
import { registerHooks } from 'node:module'; registerHooks({})
fs.writeFileSync('.envrc', '')
const attacks = { ${attacks.map(([name, text]) => `${JSON.stringify(name)}: async () => { ${text} }`).join(',\n')} }
for (const [name, attack] of Object.entries(attacks)) await attack().then(() => console.log('through ' + name), () => {})
console.log('alive')`

const manyProcesses = (count: number) => `
const { spawn } = process.getBuiltinModule('node:child_process')
const all = Array.from({ length: ${count} }, () => spawn('sleep', ['5'], { stdio: 'ignore' }).on('error', () => {}))
console.log(all.filter(({ pid }) => pid !== undefined).length); process.exit()`
const muchMemory = (megabytes: number) => `Buffer.alloc(${megabytes} * 2 ** 20, 1); console.log('through')`

/**
 * Runs real attacks in a container, in a folder of its own: whether it holds is seen, not concluded from what it was asked
 * for. Throws where nothing can be run in it.
 */
export async function tryContainer(options: TryOptions): Promise<{ through: string[]; held: string[] }> {
  const { uid, gid } = options.machine.identity
  const outside = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-probe-')))
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const inside = join(outside, 'inside')
    mkdirSync(join(inside, '.vscode'), { recursive: true })
    chmodSync(outside, 0o711)
    const files = { canary: 'canary', 'inside/.env': 'canary', 'inside/.vscode/settings.json': '{}' }
    for (const [path, text] of Object.entries(files)) writeFileSync(join(outside, path), text)
    if (process.getuid?.() === 0)
      for (const path of ['', ...Object.keys(files).slice(1), 'inside', 'inside/.vscode'])
        chownSync(join(outside, path), uid, gid)
    const machine = { ...options.machine, workspace: inside, limits: defaultLimits, protect: [], hide: ['.env'] }
    const runner = createContainers({ ...options, machine, cpus: 1, bootId: createId() }).runnerFor(undefined)
    const env = { OUTSIDE: outside, PORT: String((server.address() as AddressInfo).port) }
    const [said, processes, memory] = await Promise.all([
      run(runner, inside, ['--input-type=module', '--eval', program], { env }),
      run(runner, inside, ['--eval', manyProcesses(120)], { limits: { procs: 64 } }),
      run(runner, inside, ['--eval', muchMemory(400)], { limits: { memMb: 128 } }),
    ])
    if (!said.endsWith('alive\n')) throw new Error(`it does not run Node 22.15 or newer: ${said.slice(-500)}`)
    const through = said.split('\n').flatMap((line) => (line.startsWith('through ') ? [line.slice(8)] : []))
    if (existsSync(join(inside, '.envrc'))) through.push(leaveBehind)
    if (Number(processes) > 64) through.push(tooManyProcesses)
    if (memory.includes('through')) through.push(tooMuchMemory)
    const all = [...attacks.map(([name]) => name), leaveBehind, tooManyProcesses, tooMuchMemory]
    return { through, held: all.filter((name) => !through.includes(name)) }
  } finally {
    server.close()
    rmSync(outside, { recursive: true, force: true })
  }
}

async function run(
  runner: Runner,
  cwd: string,
  args: readonly string[],
  { env, limits }: Pick<Command, 'env' | 'limits'>,
): Promise<string> {
  let output = ''
  await runner.runCommand({
    argv: ['node', '--no-warnings', ...args],
    cwd,
    env,
    limits: { wallMs: 30_000, graceMs: 0, ...limits },
    onChunk: (_, bytes) => void (output += bytes.toString()),
  })
  return output
}
