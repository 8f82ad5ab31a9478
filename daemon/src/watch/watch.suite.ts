import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLog, systemClock, type Clock } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import type { BackendName, Trouble } from './backend.ts'
import type { StartHost } from './watch-host.ts'
import { openWatch, type WatchOptions } from './watch.ts'

/** A folder with these directories watched; what is told is gathered. */
export async function watching(
  backend: BackendName,
  dirs: readonly string[],
  { clock = systemClock, startHost }: { clock?: Clock; startHost?: StartHost } = {},
) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-watch-')))
  for (const dir of dirs) mkdirSync(join(root, dir), { recursive: true })
  const told = new Set<string>()
  const lines: string[] = []
  const seen = { storms: 0, gaps: 0, troubles: [] as (Trouble['kind'] | undefined)[] }
  const options: WatchOptions = {
    root,
    backend,
    clock,
    log: createLog({ level: 'debug', write: (line) => lines.push(line) }),
    onTold: ({ storm, paths }) => {
      if (storm) seen.storms++
      for (const path of paths) told.add(path)
    },
    onGap: () => seen.gaps++,
    onState: (trouble) => seen.troubles.push(trouble?.kind),
  }
  const watch = openWatch(options, startHost)
  onTestFinished(async () => {
    await watch.close()
    rmSync(root, { recursive: true, force: true })
  })
  watch.add('')
  for (const dir of dirs) watch.add(dir)
  watch.scanned()
  await until(() => seen.gaps > 0)
  return {
    root,
    watch,
    told,
    seen,
    lines,
    write: (path: string, text = 'x') => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    },
    /** Makes something happen until it is told of: a watch is in place a moment after it was asked for. */
    untilTold: async (path: string, happen: () => void) => {
      const again = setInterval(happen, 50)
      happen()
      try {
        await until(() => told.has(path))
      } finally {
        clearInterval(again)
      }
    },
  }
}

export async function until(what: () => boolean): Promise<void> {
  const end = Date.now() + 20_000
  while (!what()) {
    if (Date.now() > end) throw new Error(`never: ${what.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What every way of watching must do. */
export function describeWatching(backend: BackendName): void {
  test(`[S178] [S181] ${backend}: a file made, changed, moved and deleted is told of, until it is stopped`, async () => {
    const { root, watch, told, write } = await watching(backend, ['src'])
    write('src/a.ts')
    await until(() => told.has('src/a.ts'))
    told.clear()
    appendFileSync(join(root, 'src/a.ts'), 'more')
    await until(() => told.has('src/a.ts'))
    told.clear()
    renameSync(join(root, 'src/a.ts'), join(root, 'b.ts'))
    await until(() => told.has('src/a.ts') && told.has('b.ts'))
    told.clear()
    rmSync(join(root, 'b.ts'))
    await until(() => told.has('b.ts'))
    await watch.close()
    told.clear()
    write('src/c.ts')
    expect(told).toEqual(new Set())
  })

  test(`[S180] ${backend}: what was there before is not told of`, async () => {
    const { told, seen, write } = await watching(backend, ['src'])
    expect(told).toEqual(new Set())
    write('src/later.ts')
    await until(() => told.has('src/later.ts'))
    expect([...told].filter((path) => path !== 'src/later.ts')).toEqual([])
    expect(seen).toEqual({ storms: 0, gaps: 1, troubles: [undefined] })
  })

  test(`[S179] ${backend}: nothing is told of directories that are not shared`, async () => {
    const { told, write } = await watching(backend, ['src'])
    write('src/node_modules/p/index.js')
    write('out/a.js')
    write('src/a.ts')
    await until(() => told.has('src/a.ts') && told.has('out'))
    expect([...told].filter((path) => path.includes('index.js') || path.startsWith('out/'))).toEqual([])
  })

  test(`[MIR-70] ${backend}: directories that come later, go and come again, or get another name stay watched`, async () => {
    const { root, watch, told, write, untilTold } = await watching(backend, ['src'])
    /** As a mirror does, which looks again wherever something is told: late words of the old directory end the watch of the new one. */
    const writeIn = (dir: string, name: string) => {
      watch.add(dir)
      write(`${dir}/${name}`, String(Math.random()))
    }
    mkdirSync(join(root, 'src/new'))
    await until(() => told.has('src/new'))
    await untilTold('src/new/a.ts', () => writeIn('src/new', 'a.ts'))
    told.clear()

    rmSync(join(root, 'src/new'), { recursive: true })
    await until(() => told.has('src/new'))
    told.clear()
    mkdirSync(join(root, 'src/new'))
    await until(() => told.has('src/new'))
    await untilTold('src/new/b.ts', () => writeIn('src/new', 'b.ts'))
    told.clear()

    renameSync(join(root, 'src/new'), join(root, 'src/other'))
    await until(() => told.has('src/new') && told.has('src/other'))
    await untilTold('src/other/c.ts', () => writeIn('src/other', 'c.ts'))
  })

  test(`[MIR-70] ${backend}: what is made in a new directory before it is watched is looked at once it is`, async () => {
    const { told, watch, write } = await watching(backend, [])
    write('new/a.ts')
    await until(() => told.has('new'))
    told.clear()
    watch.add('new')
    await until(() => told.has('new') || told.has('new/a.ts'))
  })
}
