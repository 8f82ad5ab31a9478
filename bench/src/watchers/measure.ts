import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { backends } from '@tandem/daemon/watching'
import { pause } from '../pause.ts'

// Measures one way of watching, in a process of its own: `measure.ts <root> <backend> <thread|here>`. Prints one line of JSON.

type Task = { root: string; backend: keyof typeof backends; dirs: string[] }
type Told = { ready: number } | { path: string } | { trouble: string }

const [blockedMs, storm, saves, quietMs] = [3_000, 10_000, 30, 3_000]

/** Another process that writes each file anew as git does: three events each, more than the system keeps for us. */
const write = `
  const { unlinkSync, writeFileSync } = require('node:fs')
  let text = ''
  process.stdin.on('data', (d) => (text += d)).on('end', () => {
    for (const file of JSON.parse(text)) {
      unlinkSync(process.argv[1] + '/' + file)
      writeFileSync(process.argv[1] + '/' + file, 'changed')
    }
  })
`

if (isMainThread) await measure()
else void run(workerData as Task, (told) => parentPort?.postMessage(told))

/** Watches, and tells of each path. */
async function run({ root, backend, dirs }: Task, tell: (told: Told) => void): Promise<void> {
  const from = performance.now()
  const it = await backends[backend]({
    root,
    onHint: (path) => tell({ path }),
    onTrouble: (trouble) => trouble && tell({ trouble: trouble.reason }),
  })
  it.add(dirs)
  await it.ready()
  tell({ ready: performance.now() - from })
}

async function measure(): Promise<void> {
  const [root = '', backend, place] = process.argv.slice(2)
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const at = (entry: (typeof entries)[number]) => join(entry.parentPath, entry.name).slice(root.length + 1)
  const dirs = ['', ...entries.filter((entry) => entry.isDirectory()).map(at)]
  const files = entries.filter((entry) => entry.isFile()).map(at)
  const task = { root, backend: backend as Task['backend'], dirs }
  await pause(500)
  const before = process.memoryUsage.rss()

  const told = new Set<string>()
  let trouble: string | undefined
  let heard = () => {}
  const ready = Promise.withResolvers<number>()
  const take = (each: Told) => {
    if ('ready' in each) ready.resolve(each.ready)
    else if ('trouble' in each) trouble = each.trouble
    else {
      told.add(each.path)
      heard()
    }
  }
  const from = performance.now()
  if (place === 'here') void run(task, take)
  else new Worker(new URL(import.meta.url), { workerData: task }).on('message', take)
  await ready.promise
  const readyMs = performance.now() - from
  await pause(1_000)
  const mb = (process.memoryUsage.rss() - before) / 1e6

  const latencies: number[] = []
  for (const file of files.slice(0, saves)) {
    told.clear()
    const saved = performance.now()
    const came = new Promise<void>((resolve) => (heard = () => told.has(file) && resolve()))
    appendFileSync(join(root, file), 'x')
    await Promise.race([came, pause(5_000)])
    latencies.push(performance.now() - saved)
    await pause(20)
  }
  heard = () => {}

  told.clear()
  const written = files.slice(-storm)
  // Blocked until all is written, and for 3 s at least.
  const until = Date.now() + blockedMs
  spawnSync(process.execPath, ['-e', write, root], { input: JSON.stringify(written) })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, until - Date.now()))
  await pause(quietMs)
  const seen = written.filter((file) => told.has(file)).length
  process.stdout.write(`${JSON.stringify({ readyMs, mb, latencies, storm: written.length, told: seen, trouble })}\n`)
  process.exit(0)
}
