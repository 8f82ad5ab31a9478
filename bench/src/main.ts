import { cleanUp, pathsOf, startTandem, until, type Tandem } from '@tandem/e2e'
import type { DocRef } from '@tandem/shared'
import { crowd } from './crowd.ts'
import { durable } from './durable.ts'
import { editToPeer } from './edit-to-peer.ts'
import { firstMirror } from './first-mirror.ts'
import { isolate } from './isolate.ts'
import { memory } from './memory.ts'
import { mirrorPeers } from './mirror-peers.ts'
import { output } from './output.ts'
import { outputFrames } from './output-frames.ts'
import { reconnect } from './reconnect.ts'
import { reconnectMany } from './reconnect-many.ts'
import { sandbox } from './sandbox.ts'
import { saving } from './saving.ts'
import { toTable, type Row } from './stats.ts'
import { taskStart } from './task-start.ts'
import { tasksCut } from './tasks-cut.ts'
import { tasksQueued } from './tasks-queued.ts'
import { trace } from './trace.ts'
import { typing } from './typing.ts'
import { watchers } from './watchers.ts'

/** The rows by name: `pnpm bench typing saving` measures these two. Nothing here is ever asserted. */
const benches: Readonly<Record<string, (tandem: Tandem) => Promise<Row[]>>> = {
  typing: (tandem) => typing(tandem, 'typing.txt'),
  peer: async (tandem) => editToPeer(tandem, await fileOf(tandem, 'peer.txt')),
  saving: async (tandem) => saving(tandem, 'saving.txt', await fileOf(tandem, 'saving.txt')),
  reconnect: async (tandem) => reconnect(tandem, await fileOf(tandem, 'peer.txt')),
  tasks: (tandem) => taskStart(tandem),
  'tasks-queued': (tandem) => tasksQueued(tandem),
  output: (tandem) => output(tandem),
  isolate: (tandem) => isolate(tandem),
  'output-frames': (tandem) => outputFrames(tandem),
  mirror: () => firstMirror(Number(process.env.FILES ?? 2_000)),
  'reconnect-many': () => reconnectMany(Number(process.env.FILES ?? 2_000)),
}
/** Those that start what they need themselves. */
const ownBenches: Readonly<Record<string, () => Promise<Row[]>>> = { durable, crowd, memory, trace, sandbox }
/** As these, but only where they are asked for: they take minutes. */
const longBenches: Readonly<Record<string, () => Promise<Row[]>>> = {
  'mirror-peers': () => mirrorPeers(Number(process.env.FILES ?? 10_000)),
  'tasks-cut': () => tasksCut(),
  watchers: () => watchers(Number(process.env.FILES ?? 10_000)),
}

const wanted = process.argv.slice(2)
const known = Object.keys({ ...benches, ...ownBenches, ...longBenches })
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no row ${unknown.join(', ')}; there are ${known.join(', ')}.\n`)
  process.exit(1)
}

const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`measuring ${name} …\n`)
  const tandem = await startTandem({ files: { 'typing.txt': '', 'peer.txt': 'x\n', 'saving.txt': 'x\n' } })
  try {
    rows.push(...(await bench(tandem)))
  } finally {
    await cleanUp()
  }
}
for (const [name, bench] of Object.entries({ ...ownBenches, ...longBenches })) {
  if (wanted.length > 0 ? !wanted.includes(name) : name in longBenches) continue
  process.stderr.write(`measuring ${name} …\n`)
  rows.push(...(await bench()))
}
process.stdout.write(`\n${toTable(rows)}\n`)
process.exit(0)

/** The document of a file, once it is shared. */
async function fileOf(tandem: Tandem, path: string): Promise<DocRef> {
  const fileId = await until(`${path} is shared`, async () => {
    const ids = await pathsOf(tandem)
    return ids.get(path)
  })
  return { kind: 'file', fileId }
}
