import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { messageOf, type Log } from '@tandem/shared'
import type { Runner, Tier } from './command.ts'
import type { Identity } from './identity.ts'
import { defaultLimits } from './limits.ts'
import { createReducedRunner, reducedInWords, type ReducedWalls } from './reduced.ts'
import { createSandboxedRunner, type Machine, type Walls } from './runner.ts'
import { makeTemporary, removeTemporary } from './temporary.ts'
import { findReducedWalls, findWalls, type NoWalls } from './walls.ts'

export type Probe = {
  readonly tier: Tier
  /** What the walls stop, by name, in the order tried. */
  readonly held: readonly string[]
  /** Why the tier is less than full, and what to do about it, as sentences. */
  readonly reason?: string
  readonly fix?: string
  /** What the walls of a full tier, or of a reduced one, are made of. */
  readonly walls?: Walls
  readonly reduced?: ReducedWalls
  /** They are the system's own, by another vendor's library: nothing else of ours can be put behind them. */
  readonly vendor?: true
}

type Around = { identity: Identity; log: Log }
type ProbeOptions = Around & {
  path: string
  workspace: string
  /** The owner takes reduced walls where there are no full ones. */
  mayBeReduced: boolean
}

const seeProcesses = 'see the processes of the machine'
const changeDevice = 'change a device of the machine'

/** The name of each attack, and a line of bash that succeeds where it gets through. The canaries are ours. */
const attacks: ReadonlyArray<readonly [name: string, script: string]> = [
  ['read a file outside', '[ "$(cat "$OUTSIDE/canary")" = canary ]'],
  [seeProcesses, '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 12 ]'],
  ['read the daemon’s environment', 'tr "\\0" "\\n" < "/proc/$DAEMON/environ" | grep -q .'],
  ['signal another process', 'kill -0 "$DAEMON"'],
  ['reach the network', 'exec 9<>"/dev/tcp/127.0.0.1/$PORT"'],
  ['make a set-uid file', 'touch mode && chmod u+s mode && [ -u mode ]'],
  [changeDevice, 'chmod 666 /dev/null'],
  ['fill the memory that devices lie in', ': > /dev/tandem'],
  ['change a setting of the kernel', 'exec 9>>/proc/sys/kernel/core_pattern'],
  ['open a user namespace', 'unshare --user true'],
  ['mount a file system', 'mount -t tmpfs none /tmp'],
]

/**
 * Tries real attacks inside the sandbox, in a folder of its own: whether the walls hold is seen, not concluded from
 * versions. Takes a fraction of a second. Any attack that gets through makes the tier less: full, else reduced where the
 * owner takes that, else none.
 */
export async function probe({ path, workspace, mayBeReduced, ...around }: ProbeOptions): Promise<Probe> {
  const full = await probeFull(findWalls({ path, workspace, isRoot: around.identity.isRoot }), around)
  if (full.tier === 'full') return full
  const reduced = await probeReduced(around)
  if (reduced.tier === 'none')
    return mayBeReduced ? { ...full, reason: `${full.reason}; nor does a reduced one do: ${reduced.reason}` } : full
  if (!mayBeReduced) return { ...full, fix: [full.fix, orReduced].filter((part) => part !== undefined).join(' ') }
  return { ...reduced, fix: [`${full.reason}.`, full.fix].join(' ') }
}

const orReduced =
  'Or take a reduced sandbox, which works here: {"sandbox": {"onUnavailable": "reduced"}} in your policy; docs/threat-model.md says what that leaves open.'

async function probeFull(walls: Walls | NoWalls, around: Around): Promise<Probe> {
  if ('reason' in walls) return { tier: 'none', held: [], ...walls }
  const { held, through, failed } = await tryAll((machine) => createSandboxedRunner(machine, walls, 'full'), around)
  if (failed !== undefined)
    return { tier: 'none', held: [], reason: `The sandbox cannot start: ${failed}`, fix: fixFor(failed) }
  if (through.length === 0) return { tier: 'full', held, walls }
  return { tier: 'none', held, ...doesNotHold(through) }
}

/** Tries the walls that need no namespaces, against all but what they are known not to hold. */
export async function probeReduced(around: Around): Promise<Probe> {
  const walls = findReducedWalls(around.identity)
  if ('reason' in walls) return { tier: 'none', held: [], ...walls }
  const { held, through, failed } = await tryAll((machine) => createReducedRunner(machine, walls), around)
  const known = around.identity.isRoot ? [seeProcesses, changeDevice] : [seeProcesses]
  const more = through.filter((name) => !known.includes(name))
  if (failed !== undefined)
    return { tier: 'none', held: [], reason: `The reduced sandbox cannot start: ${failed}`, fix: fixFor(failed) }
  if (more.length === 0) return { tier: 'reduced', held, reason: reducedInWords, reduced: walls }
  return { tier: 'none', held, ...doesNotHold(more) }
}

/** That attacks got through, for a person. */
export const doesNotHold = (through: readonly string[]) => ({
  reason: `The sandbox does not hold: a command could ${through.join(', ')}`,
  fix: 'Please report it.',
})

type Tried = { held: readonly string[]; through: readonly string[]; failed?: string }

/** Tries real attacks behind walls, in a folder of its own: what was held off, and what got through. Never rejects. */
export async function tryAll(create: (machine: Machine) => Runner, { identity, log }: Around): Promise<Tried> {
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
    const runner = create({ ...bareMachine, workspace: inside, identity, log })
    const through = (await Promise.all([tryAttacks(runner, inside, folder), tryManyProcesses(runner, inside)])).flat()
    const all = [...attacks.map(([name]) => name), writeOutside, leaveBehind, tooManyProcesses]
    return { held: all.filter((name) => !through.includes(name)), through }
  } catch (e) {
    log.warn('sandbox probe failed', { error: e })
    return { held: [], through: [], failed: messageOf(e) }
  } finally {
    removeTemporary(own)
  }
}

/** What the walls are made of here, for a person; undefined where there are none. */
export function wallsInWords({ walls, reduced, vendor }: Probe, { isRoot }: Identity): string | undefined {
  const bound = (groups: Walls['groups'], otherwise: string) =>
    `processes bounded by ${groups ? 'a control group' : otherwise}`
  if (vendor) return 'the sandbox of the system itself, processes and memory bounded by a watchdog'
  if (reduced) return `Landlock and a filter of system calls, ${bound(reduced.groups, 'a watchdog')}`
  if (!walls) return undefined
  const older = walls.bindsHeld ? '' : ' (an older one: paths are held by name)'
  return `bubblewrap at ${walls.bwrap}${older}, ${bound(walls.groups, isRoot ? 'a watchdog' : 'the kernel')}`
}

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
      ['{ echo x > "$OUTSIDE/written"; echo x > .envrc; } 2>/dev/null', ...lines, 'echo alive'].join('\n'),
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
 * Starts that many sleeps, none of which ends before all are there, and prints how many that were. The inner shell gives
 * up at the first refusal; the outer one counts without needing a further process, then stays a second: where only the
 * watchdog bounds it, a busy machine may look late. Where the kernel refused, that last process is refused too and nothing is waited for.
 * Whether the walls hold is not known yet: it ends its own group alone, never "all that it may".
 */
export const startProcesses = (count: number): string =>
  `n=0; while read -r; do n=$((n + 1)); done < <(sh -c 'for i in $(seq ${count}); do sleep 15 > /dev/null & echo; done' 2>/dev/null); echo $n; sleep 1; kill -9 0`

/** Forty short sleeps under a limit of twenty-four: enough to see the limit, too few to hurt where there is none. */
async function tryManyProcesses(runner: Runner, inside: string): Promise<string[]> {
  let output = ''
  const { reason } = await runner.runCommand({
    shellLine: startProcesses(40),
    cwd: inside,
    limits: { procs: 24, wallMs: 20_000, graceMs: 0 },
    // Its errors tell, at times, that the last process of all had to be tried for again.
    onChunk: (stream, bytes) => void (stream === 'stdout' && (output += bytes.toString())),
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
  if (/uid map|namespace|Operation not permitted|Permission denied/i.test(message)) {
    return (
      'This system does not let programs open user namespaces. On Ubuntu 24.04: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0. ' +
      'Where it allows none at all: sudo sysctl user.max_user_namespaces=15000. ' +
      'In a container: run it with --security-opt seccomp=unconfined, or start with --unsafe-no-sandbox.'
    )
  }
  return 'See what npm run tandem -- doctor says, or start with --unsafe-no-sandbox.'
}
