import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder, until } from '@tandem/e2e'
import { bulkFrames, encodeBulkFrames, feedFrames, type BulkFrame } from '@tandem/shared'
import * as Y from 'yjs'
import { startApart, type Apart } from './apart.ts'
import { manyFiles } from './first-mirror.ts'
import type { Row } from './stats.ts'

const [rounds, changes] = [5, 500]

/**
 * A folder of many files whose link is cut and mended: until a change made meanwhile is on disk, and until hundreds of
 * changes on each side are on the other. And how long a daemon takes to start on files that it knows.
 */
export async function reconnectMany(files = 2_000): Promise<Row[]> {
  const folder = tempFolder(manyFiles(files))
  const apart = await startApart(folder, tempFolder())
  try {
    await apart.startDaemon()
    const paths = await pathsOf(apart)
    const half = Math.min(changes, Math.floor(paths.length / 2))
    const [theirs, ours] = [paths.slice(0, half), paths.slice(half, 2 * half)]
    const samples = { one: [] as number[], many: [] as number[], known: [] as number[], floor: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      samples.one.push(await cutAndMend(apart, folder, { theirs: theirs.slice(0, 1), ours: [], round }))
      samples.many.push(await cutAndMend(apart, folder, { theirs, ours, round }))
      samples.floor.push(floorOf(folder, { theirs, ours }))
    }
    for (let round = 0; round < rounds; round++) {
      await apart.stopDaemon()
      const from = performance.now()
      await apart.startDaemon()
      samples.known.push(performance.now() - from)
    }
    const both = `${half} changed on each side`
    return [
      {
        what: `link back, ${files} files -> a change made meanwhile is on disk`,
        samples: samples.one,
      },
      {
        what: `link back, ${files} files, ${both} -> in step`,
        samples: samples.many,
        floor: { what: `reading ${half} files, writing and syncing ${half}`, samples: samples.floor },
      },
      { what: `start of a daemon on ${files} files it knows`, samples: samples.known },
    ]
  } finally {
    await apart.stop()
  }
}

type File = { id: string; path: string }
type Round = { theirs: readonly File[]; ours: readonly File[]; round: number }

async function cutAndMend(apart: Apart, folder: string, { theirs, ours, round }: Round): Promise<number> {
  const mark = `// round ${round} ${performance.now()}\n`
  apart.cut()
  const since = await changeThere(apart, theirs, mark)
  for (const { path } of ours) writeFileSync(join(folder, path), mark + readFileSync(join(folder, path), 'utf8'))
  const heard = listen(apart, since, new Set(ours.map(({ id }) => `file/${id}`)))
  const from = await apart.mend()
  await heard
  for (const { path } of theirs)
    await until(`${path} is written`, () => readFileSync(join(folder, path), 'utf8').startsWith(mark), 60_000)
  return performance.now() - from
}

/** Puts a line before each text on the server; answers the version after it. */
async function changeThere(apart: Apart, files: readonly File[], mark: string): Promise<number> {
  const docs = files.map(({ id }) => `file/${id}`)
  const read = await apart.api('/bulk/read', { method: 'POST', body: JSON.stringify({ docs }) })
  const frames: BulkFrame[] = []
  for await (const { doc, update } of bulkFrames(bytesOf(read))) {
    const copy = new Y.Doc()
    if (update) Y.applyUpdate(copy, update)
    const before = Y.encodeStateVector(copy)
    copy.getText('content').insert(0, mark)
    frames.push({ doc, update: Y.encodeStateAsUpdate(copy, before) })
  }
  const body = Buffer.from(encodeBulkFrames(frames))
  const answer = await apart.api('/bulk/put?mode=update', { method: 'POST', body })
  const { updated, seq } = (await answer.json()) as { updated: number; seq: number }
  if (updated !== files.length) throw new Error(`only ${updated} of ${files.length} were changed`)
  return seq
}

/** Until all of these documents moved after `since`. */
async function listen(apart: Apart, since: number, docs: Set<string>): Promise<void> {
  if (docs.size === 0) return
  const stop = new AbortController()
  const answer = await apart.api(`/feed?since=1.${since}`, { signal: stop.signal })
  for await (const frame of feedFrames(bytesOf(answer))) {
    if (frame.t === 'moved') docs.delete(frame.doc)
    if (docs.size === 0) break
  }
  stop.abort()
}

/** What no program could do without: reading what changed here, writing what changed there. */
function floorOf(folder: string, { theirs, ours }: Omit<Round, 'round'>): number {
  const from = performance.now()
  const texts = ours.map(({ path }) => readFileSync(join(folder, path)))
  const beside = tempFolder()
  for (const [i] of theirs.entries()) {
    const fd = openSync(join(beside, `${i}`), 'w')
    writeSync(fd, texts[i] ?? Buffer.alloc(1))
    fsyncSync(fd)
    closeSync(fd)
  }
  return performance.now() - from
}

async function pathsOf(apart: Apart): Promise<File[]> {
  const found: File[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const answer = await apart.api(`/files?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const page = (await answer.json()) as { files: File[]; cursor?: string }
    found.push(...page.files)
    cursor = page.cursor
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function bytesOf(answer: Response): ReadableStream<Uint8Array> {
  if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`)
  return answer.body
}
