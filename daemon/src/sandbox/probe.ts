import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { messageOf, type Log } from '@tandem/shared'
import type { Runner, Tier } from './command.ts'
import type { Identity } from './identity.ts'
import { defaultLimits } from './limits.ts'
import { createSandboxedRunner, type Machine, type Walls } from './runner.ts'
import { makeTemporary, removeTemporary } from './temporary.ts'
import { findWalls } from './walls.ts'

export type Probe = {
  readonly tier: Tier
  /** What the walls stop, by name, in the order tried. */
  readonly held: readonly string[]
  /** Why the tier is less than full, and what to do about it, as sentences. */
  readonly reason?: string
  readonly fix?: string
  readonly walls?: Walls
}

type ProbeOptions = { path: string; workspace: string; identity: Identity; log: Log }

/** The name of each attack, and a line of bash that succeeds where it gets through. The canaries are ours. */
const attacks: ReadonlyArray<readonly [name: string, script: string]> = [
  ['read a file outside', '[ "$(cat "$OUTSIDE/canary")" = canary ]'],
  ['see the processes of the machine', '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 12 ]'],
  ['read the daemon’s environment', 'tr "\\0" "\\n" < "/proc/$DAEMON/environ" | grep -q .'],
  ['reach the network', 'exec 9<>"/dev/tcp/127.0.0.1/$PORT"'],
  ['make a set-uid file', 'touch mode && chmod u+s mode && [ -u mode ]'],
  ['change a device of the machine', 'chmod 666 /dev/null'],
  ['fill the memory that devices lie in', 'touch /dev/tandem'],
  ['change a setting of the kernel', 'exec 9>>/proc/sys/kernel/core_pattern'],
  ['open a user namespace', 'unshare --user true'],
  ['mount a file system', 'mount -t tmpfs none /tmp'],
]

/**
 * Tries real attacks inside the sandbox, in a folder of its own: whether the walls hold is seen, not concluded from
 * versions. Takes a fraction of a second. Any attack that gets through makes the tier `none`.
 */
export async function probe({ path, workspace, identity, log }: ProbeOptions): Promise<Probe> {
  const walls = findWalls({ path, workspace, isRoot: identity.isRoot })
  if ('reason' in walls) return { tier: 'none', held: [], ...walls }
  const own = realpathSync(makeTemporary('probe'))
  try {
    chmodSync(own, 0o711)
    const folder = join(own, 'outside')
    const inside = join(folder, 'inside')
    for (const made of [folder, inside]) {
      mkdirSync(made)
      chownSync(made, identity.uid, identity.gid)
    }
    writeFileSync(join(folder, 'canary'), 'canary', { mode: 0o644 })
    const machine = { ...bareMachine, workspace: inside, identity, log }
    const runner = createSandboxedRunner(machine, walls, 'full')
    const through = (await Promise.all([tryAttacks(runner, inside, folder), tryManyProcesses(runner, inside)])).flat()
    const held = [...attacks.map(([name]) => name), writeOutside, leaveBehind, tooManyProcesses].filter(
      (name) => !through.includes(name),
    )
    if (through.length === 0) return { tier: 'full', held, walls }
    return {
      tier: 'none',
      held,
      reason: `The sandbox does not hold: a command could ${through.join(', ')}`,
      fix: 'Please report it.',
    }
  } catch (e) {
    log.warn('sandbox probe failed', { error: e })
    return { tier: 'none', held: [], reason: `The sandbox cannot start: ${messageOf(e)}`, fix: fixFor(messageOf(e)) }
  } finally {
    removeTemporary(own)
  }
}

/** What the walls are made of here, for a person. */
export const wallsInWords = ({ bwrap, bindsHeld, groups }: Walls, { isRoot }: Identity): string =>
  [
    `bubblewrap at ${bwrap}${bindsHeld ? '' : ' (an older one: paths are held by name)'}`,
    `processes bounded by ${!isRoot ? 'the kernel' : groups ? 'a control group' : 'a watchdog'}`,
  ].join(', ')

async function tryAttacks(runner: Runner, inside: string, outside: string): Promise<string[]> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    // `alive` shows that commands do run: a sandbox in which nothing works would pass every attack.
    const lines = attacks.map(([name, script]) => `(${script}) >/dev/null 2>&1 && echo 'through ${name}'`)
    const env = { OUTSIDE: outside, DAEMON: String(process.pid), PORT: String(port) }
    const output = await run(
      runner,
      inside,
      ['echo x > "$OUTSIDE/written"; echo x > .envrc', ...lines, 'echo alive'].join('\n'),
      env,
    )
    if (!output.endsWith('alive\n')) throw new Error(`commands do not work in it: ${output.slice(-500)}`)
    const through = output.split('\n').flatMap((line) => (line.startsWith('through ') ? [line.slice(8)] : []))
    // Inside, that place is a private memory file system: only from outside can one tell where the file went.
    if (existsSync(join(outside, 'written'))) through.push(writeOutside)
    if (existsSync(join(inside, '.envrc'))) through.push(leaveBehind)
    return through
  } finally {
    server.close()
  }
}

const writeOutside = 'write a file outside'
const leaveBehind = 'leave behind what other programs run'
const tooManyProcesses = 'start processes without limit'

/**
 * Starts that many sleeps and prints how many processes there are then. The inner shell gives up at the first refusal;
 * the outer one counts without needing a further process, then stays a second: where only the watchdog bounds it, a
 * busy machine may look late. Where the kernel refused, that last process is refused too and nothing is waited for.
 */
export const startProcesses = (count: number): string =>
  `sh -c 'for i in $(seq ${count}); do sleep 2 & done' 2>/dev/null; set -- /proc/[0-9]*; echo $#; sleep 1; kill -9 -1`

/** Forty short sleeps under a limit of twenty-four: enough to see the limit, too few to hurt where there is none. */
async function tryManyProcesses(runner: Runner, inside: string): Promise<string[]> {
  let output = ''
  const { reason } = await runner.runCommand({
    shellLine: startProcesses(40),
    cwd: inside,
    limits: { procs: 24, wallMs: 5_000, graceMs: 0 },
    onChunk: (_, bytes) => void (output += bytes.toString()),
  })
  const running = Number(output)
  return reason === 'process-limit' || (running > 0 && running <= 30) ? [] : [tooManyProcesses]
}

async function run(runner: Runner, cwd: string, shellLine: string, env: Record<string, string>): Promise<string> {
  let output = ''
  const limits = { wallMs: 10_000, graceMs: 0 }
  await runner.runCommand({ shellLine, cwd, env, limits, onChunk: (_, bytes) => void (output += bytes.toString()) })
  return output
}

const bareMachine: Omit<Machine, 'workspace' | 'identity' | 'log'> = {
  toolchains: { folders: [], path: ['/usr/bin', '/bin'], environment: {} },
  paths: [],
  hostEnvironment: {},
  limits: defaultLimits,
  protect: [],
  hide: [],
  git: {},
}

/** What usually stands in the way, by what bubblewrap says. */
function fixFor(message: string): string {
  if (/uid map|user namespace|Operation not permitted|Permission denied/i.test(message)) {
    return (
      'This system does not let programs open user namespaces. On Ubuntu 24.04: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0. ' +
      'In a container: run it with --security-opt seccomp=unconfined, or start with --unsafe-no-sandbox.'
    )
  }
  return 'See what npm run tandem -- doctor says, or start with --unsafe-no-sandbox.'
}
