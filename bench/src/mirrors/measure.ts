import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from '../pause.ts'
import { costOf, type Peer } from './peer.ts'
import { holdsTree, sizeOf, writeTree, type Tree } from './tree.ts'

/** What one peer took; undefined where it was not done within its time. Times in ms. */
export type Figures = {
  /** From the start of its programs until the other folder holds all. */
  first: number | undefined
  /** The same until its near side said that all is shared, where it says so. */
  shared: number | undefined
  firstCpuSeconds: number
  peakMb: number
  /** Percent of one core, at rest. */
  idleCpu: number
  saves: number[]
  /** From the start of `git checkout` until the other folder is on that branch too: there, and back. */
  branches: (number | undefined)[]
  checkouts: number[]
  /** From the first of many appended lines until the other folder has them all. */
  appends: number | undefined
  appending: number
  appendsCpuSeconds: number
}

const [saves, appends, idleMs] = [60, 10_000, 30_000]

/** One peer from an empty far folder to its last row, on a tree of its own. Everything is bounded in time. */
export async function measure(peer: Peer, base: string, files: number): Promise<Figures> {
  const [near, far, scratch] = ['near', 'far', 'scratch'].map((name) => join(base, name)) as [string, string, string]
  for (const folder of [near, far, scratch]) mkdirSync(folder, { recursive: true })
  const tree = writeTree(near, files)
  const otherTree = addBranch(near, tree, files)
  // The racy moment of fresh files is over for everybody, and what was written is on disk.
  execFileSync('sync')
  await pause(2_500)
  const limitMs = 60_000 + files * 3

  const from = performance.now()
  const running = await peer.start({ near, far, scratch })
  const cost = () => costOf(running.pids())
  try {
    const doneAt = await holdsTree(far, tree, limitMs)
    const sharedAt = running.shared && (await within(running.shared, limitMs))
    const { cpuSeconds: firstCpuSeconds, peakMb } = cost()
    const figures: Figures = {
      first: doneAt && doneAt - from,
      shared: sharedAt && sharedAt - from,
      firstCpuSeconds,
      peakMb,
      idleCpu: Number.NaN,
      saves: [],
      branches: [],
      checkouts: [],
      appends: undefined,
      appending: 0,
      appendsCpuSeconds: Number.NaN,
    }
    if (doneAt === undefined || peer.restMs === 0) return figures

    await pause(15_000)
    const atRest = cost().cpuSeconds
    await pause(idleMs)
    figures.idleCpu = ((cost().cpuSeconds - atRest) / idleMs) * 100_000

    figures.saves = await saveAndWait(near, far, peer.restMs)
    for (const [branch, then] of [
      ['other', otherTree],
      ['main', tree],
    ] as const) {
      await pause(1_000)
      const switchedAt = performance.now()
      git(near, 'checkout', '-q', branch)
      figures.checkouts.push(performance.now() - switchedAt)
      const arrivedAt = await holdsTree(far, then, limitMs)
      figures.branches.push(arrivedAt && arrivedAt - switchedAt)
    }

    await pause(1_000)
    const before = cost().cpuSeconds
    const appendedAt = performance.now()
    const log = Array.from({ length: appends }, (_, i) => `line ${i}\n`)
    for (const line of log) appendFileSync(join(near, 'grows.txt'), line)
    figures.appending = performance.now() - appendedAt
    const all = log.join('')
    const grownAt = await holdsTree(far, new Map([['grows.txt', all.length]]), limitMs)
    if (grownAt !== undefined && readFileSync(join(far, 'grows.txt'), 'utf8') === all)
      figures.appends = grownAt - appendedAt
    figures.appendsCpuSeconds = cost().cpuSeconds - before
    figures.peakMb = cost().peakMb
    return figures
  } finally {
    await running.stop()
  }
}

/** A repository with the tree on `main`, and another branch on which each file has a line more. */
function addBranch(folder: string, tree: Tree, files: number): Tree {
  git(folder, 'init', '-q', '-b', 'main')
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '-m', 'main')
  git(folder, 'checkout', '-q', '-b', 'other')
  const otherTree = writeTree(folder, files, '// and a line that only this branch has\n')
  git(folder, 'commit', '-q', '-a', '-m', 'other')
  git(folder, 'checkout', '-q', 'main')
  for (const [path, size] of tree) if (sizeOf(join(folder, path)) !== size) throw new Error(`${path} is not as it was`)
  return otherTree
}

function git(folder: string, ...args: string[]): void {
  const settings = ['user.name=Bench', 'user.email=bench@example.invalid', 'gc.auto=0', 'commit.gpgsign=false']
  execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], { cwd: folder, stdio: 'ignore' })
}

/** Saves as editors do, until the file is so in the other folder. */
async function saveAndWait(near: string, far: string, restMs: number): Promise<number[]> {
  const samples: number[] = []
  let look = () => {}
  const watcher = watch(far, () => look())
  try {
    for (let i = 0; i < saves; i++) {
      // Not in step with whoever looks at fixed times.
      await pause(restMs + Math.random() * 300)
      // Each in another size: rsync takes the same size in the same second for the same content.
      const text = `saved ${'x'.repeat(i)}\n`
      const arrived = new Promise<number>((resolve) => {
        look = () => read(join(far, 'saved.txt')) === text && resolve(performance.now())
      })
      writeFileSync(join(near, '.saving~'), text)
      const from = performance.now()
      renameSync(join(near, '.saving~'), join(near, 'saved.txt'))
      const at = await within(arrived, 15_000)
      if (at === undefined) break
      samples.push(at - from)
    }
  } finally {
    watcher.close()
  }
  return samples
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined))),
    ])
  } finally {
    clearTimeout(timer)
  }
}
