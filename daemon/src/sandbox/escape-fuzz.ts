import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { env as hostEnv } from 'node:process'
import { randomFrom } from '@tandem/shared/testing'
import { drawFrom, drawScript, type Target } from './escape-steps.ts'
import { canary, createBed, type Bed } from './fixture.ts'
import { createFolderIndex } from './folder-index.ts'

type EscapeCounts = { rounds: number; commands: number; steps: number; setAside: number; escapes: number }

type FuzzOptions = {
  seed: number
  rounds: number
  owner?: number | undefined
  signal?: AbortSignal
  counts: EscapeCounts
}

const limits = { wallMs: 1_500, graceMs: 0, procs: 64, memMb: 256, growthMb: 64, growthFiles: 2_000, outputKb: 256 }

/**
 * Runs scripts drawn at random, two at a time in one workspace, and looks after each pair for anything that got out, or
 * stayed. Throws with the scripts where something did.
 */
export async function fuzzEscapes({ seed, rounds, owner, signal, counts }: FuzzOptions): Promise<void> {
  const bed = await createBed({ owner })
  let reached = 0
  const server = createServer((socket) => void (reached++, socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, resolve))
  try {
    // Nothing of this is tried where the walls are not known to hold.
    if (bed.probe.tier !== 'full') throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
    const target: Target = {
      workspace: bed.workspace,
      outside: [bed.outside, bed.home, join(bed.base, 'root-evil')],
      files: ['secret', '.bashrc', '.ssh/id_ed25519', '.npmrc', 'new'],
      port: (server.address() as AddressInfo).port,
      daemon: process.pid,
      mark: `7${process.pid}`,
      evil: `touch ${bed.base}/ran`,
    }
    const before = { outside: digest(bed.base, bed.workspace), own: ownFiles(bed), top: readdirSync(bed.workspace) }
    for (let round = 0; round < rounds && !signal?.aborted; round++) {
      const draw = drawFrom(randomFrom(seed + round))
      const scripts = [drawScript(draw, target), drawScript(draw, target)]
      const ran = await Promise.all(
        scripts.map((script) =>
          bed
            .run(script, { limits })
            .catch((e: Error) => ({ stdout: '', stderr: '', refused: e.message, quarantined: undefined })),
        ),
      )
      const wrong = [
        ...ran.flatMap(({ stdout, stderr }) => `${stdout}${stderr}`.match(/ESCAPED[^\n]*/g) ?? []),
        ...ran.flatMap(({ stdout, stderr }) => (`${stdout}${stderr}`.includes(canary) ? ['a secret was read'] : [])),
        ...ran.flatMap((each) =>
          'refused' in each && !/^bwrap: Can't|Race condition|not there any more/.test(each.refused)
            ? [each.refused]
            : [],
        ),
        ...differences(before.outside, digest(bed.base, bed.workspace)),
        ...differences(before.own, ownFiles(bed)),
        ...(reached > 0 ? ['the network was reached'] : []),
        ...(statSync('/dev/null').mode === deviceMode ? [] : ['the mode of /dev/null']),
        ...survivors(target.mark),
        ...(await leftBehind(bed, before.top)),
      ]
      counts.rounds++
      counts.commands += scripts.length
      counts.steps += scripts.join('\n').split('\n').length - 2 * scripts.length
      counts.setAside += ran.reduce((sum, { quarantined }) => sum + (quarantined?.paths.length ?? 0), 0)
      counts.escapes += wrong.length
      if (wrong.length > 0)
        throw new Error(
          `seed ${seed + round}: ${[...new Set(wrong)].join('; ')}\n${scripts.join('\n-- at the same time\n')}`,
        )
      await reset(bed, before.top)
    }
  } finally {
    server.close()
    bed.remove()
  }
}

const deviceMode = statSync('/dev/null').mode

/** Every file and folder by path: kind, mode and content. */
function digest(root: string, except: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (path: string) => {
    if (path === except) return
    const stat = lstatSync(path)
    const content = stat.isSymbolicLink() ? readlinkSync(path) : stat.isFile() ? readFileSync(path, 'latin1') : ''
    found.set(relative(root, path) || '.', `${stat.mode} ${stat.uid} ${content}`)
    if (stat.isDirectory()) for (const name of readdirSync(path)) walk(join(path, name))
  }
  walk(root)
  return found
}

/** What of the workspace itself no command can change. */
function ownFiles({ workspace }: Bed): Map<string, string> {
  const files = ['.env', 'packages/x/.env.local', '.vscode/settings.json', '.git/config']
  return new Map([
    ...files.map((path) => [path, readText(join(workspace, path))] as const),
    ['.git/hooks', (readNames(join(workspace, '.git/hooks')) ?? []).join()],
    ['.git/commondir', readText(join(workspace, '.git/commondir'))],
  ])
}

const differences = (before: Map<string, string>, now: Map<string, string>): string[] =>
  [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => `${path} is not as it was`)

/** What is there now that somebody outside would run, or that holds a secret, or gives rights. */
async function leftBehind({ base, workspace }: Bed, top: readonly string[]): Promise<string[]> {
  const way = (path: string) => relative(workspace, path)
  const { obeyed, repositories } = await createFolderIndex(() => false).findEverywhere(workspace)
  const wrong = obeyed.map(way).filter((path) => path !== '.tandem' && !top.includes(path))
  const env = { PATH: hostEnv.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }
  for (const repository of repositories) {
    try {
      const cwd = repository.endsWith('/.git') ? join(repository, '..') : repository
      execFileSync('git', ['-c', 'safe.directory=*', 'status'], { cwd, env, stdio: 'ignore', timeout: 5_000 })
    } catch {
      // No repository after all.
    }
  }
  if (readNames(base)?.includes('ran')) wrong.push('git outside ran a program')
  const secret = new Set(['.env', 'packages/x/.env.local'])
  for (const [path, is] of digestOf(workspace)) {
    if (is.mode & 0o6000 && !is.isFolder) wrong.push(`${path} is set-uid`)
    if (is.text.includes(canary) && !secret.has(path)) wrong.push(`${path} holds a secret`)
  }
  return wrong
}

function* digestOf(
  workspace: string,
  path = workspace,
): Generator<[string, { mode: number; isFolder: boolean; text: string }]> {
  const stat = lstatSync(path)
  const text = stat.isFile() && stat.size < 65_536 ? readText(path) : ''
  yield [relative(workspace, path), { mode: stat.mode, isFolder: stat.isDirectory(), text }]
  if (stat.isDirectory()) for (const name of readNames(path) ?? []) yield* digestOf(workspace, join(path, name))
}

/** Processes of a command that still run, by their last argument. */
const survivors = (mark: string): string[] =>
  (readNames('/proc') ?? [])
    .filter((pid) => /^\d+$/.test(pid) && readText(`/proc/${pid}/cmdline`).endsWith(`\0${mark}\0`))
    .map((pid) => `process ${pid} survived`)

async function reset(bed: Bed, top: readonly string[]): Promise<void> {
  await bed.run('chmod -R u+rwX . 2> /dev/null')
  for (const name of readdirSync(bed.workspace)) {
    if (!top.includes(name) && name !== '.tandem') rmSync(join(bed.workspace, name), { recursive: true, force: true })
  }
  await bed.run('git reset -q --hard')
  rmSync(join(bed.workspace, '.tandem/quarantine'), { recursive: true, force: true })
  chmodSync(bed.workspace, 0o755)
  writeFileSync(join(bed.workspace, 'a.txt'), 'hello\n')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // gone, or it ended while we looked
  }
}

function readNames(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch {
    return undefined
  }
}
