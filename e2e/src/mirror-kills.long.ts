import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { randomFrom, type LongSuite } from '@tandem/shared/testing'
import { accessToken, connect, pathsOf } from './harness/documents.ts'
import { differing, filesBelow } from './harness/folders.ts'
import { startMirror } from './harness/mirror.ts'
import { cleanUp, startTandem } from './harness/tandem.ts'
import { until } from './harness/until.ts'

const minutes = Number(process.env.TANDEM_LONG_MINUTES ?? 10)
const roundMs = 60_000
const restMs = 180_000

/** Written by everybody, on both disks and in their documents. */
const shared = ['a.txt', 'b.txt', 'deep/c.txt']
/** Goes from one of these names to another, on the first disk. */
const wandering = ['w0.txt', 'w1.txt', 'deep/w2.txt']

/**
 * Two daemons with two folders on one workspace. People write on both disks and in the documents, each line once; files
 * are renamed, made and deleted, large and binary ones written anew; and all the while daemons and server are killed
 * (-9) and a connection is cut. In the end both folders are the same to the byte and every line is there once.
 */
const suite: LongSuite = {
  name: 'mirror-kills',
  covers: [
    'daemon/src/{disk,watch,mirror,link}/**/*.ts',
    'daemon/src/*.ts',
    'shared/src/{merge,docs}/*.ts',
    'server/src/{store,sync}/*.ts',
    'server/src/http/{blobs,bulk,feed}.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const counts = {
      rounds: 0,
      lines: 0,
      saves: 0,
      renames: 0,
      deletions: 0,
      blobs: 0,
      kills: 0,
      cuts: 0,
      lost: 0,
      doubled: 0,
    }
    for (const end = Date.now() + minutes * 60_000; Date.now() < end && !signal.aborted;) {
      await round(seed + counts.rounds, counts, signal)
      counts.rounds++
      log.info('round done', counts)
    }
    return counts
  },
}
export default suite

type Counts = Record<
  'lines' | 'saves' | 'renames' | 'deletions' | 'blobs' | 'kills' | 'cuts' | 'lost' | 'doubled',
  number
>

async function round(seed: number, counts: Counts, signal: AbortSignal): Promise<void> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const files = Object.fromEntries([...shared, 'w0.txt'].map((path) => [path, `start of ${path}\n`]))
  const tandem = await startTandem({ files, args: ['--shared'] })
  try {
    const other = await startMirror(tandem)
    const folders = [tandem.folder, other.folder] as const
    const access = await accessToken(tandem)
    const clients = [...(await pathsOf(tandem))]
      .filter(([path]) => path in files)
      .map(([, id]) =>
        connect(tandem, access, { kind: 'file', fileId: id }, { token: async () => (await accessToken(tandem)).token }),
      )
    await Promise.all(clients.map((client) => client.synced()))

    const written: string[] = []
    const saved: string[] = []
    let [name, made, returning, isReturning] = ['w0.txt', 0, Promise.resolve(), false]
    const line = (who: string) => {
      const text = `${who} ${written.length}.`
      written.push(text)
      return text
    }
    /** As log writers do: through a descriptor, at the end. Nothing where there is no such file just now. */
    const append = (folder: string, path: string, who: string) => {
      const file = join(folder, path)
      if (!existsSync(file)) return
      const fd = openSync(file, constants.O_WRONLY | constants.O_APPEND)
      writeSync(fd, `${line(who)}\n`)
      closeSync(fd)
    }
    const deeds: [number, () => unknown][] = [
      [25, () => append(folders[0], pick(shared), 'desk')],
      [25, () => append(folders[1], pick(shared), 'laptop')],
      [4, () => append(folders[0], name, 'desk')],
      [4, () => append(folders[1], pick(wandering), 'laptop')],
      [
        30,
        () => {
          const text = pick(clients).document.getText('content')
          text.insert(startOfLine(text.toString(), random()), `${line('page')}\n`)
        },
      ],
      [
        // Whoever writes a file anew from what they read would write over what came meanwhile: it is theirs alone.
        5,
        () => {
          saved.push(line('saved'))
          writeFileSync(join(folders[1], 'saved.txt~'), saved.map((each) => `${each}\n`).join(''))
          renameSync(join(folders[1], 'saved.txt~'), join(folders[1], 'saved.txt'))
          counts.saves++
        },
      ],
      [
        2,
        () => {
          const to = pick(wandering.filter((each) => each !== name))
          if (!existsSync(join(folders[0], name)) || existsSync(join(folders[0], to))) return
          renameSync(join(folders[0], name), join(folders[0], to))
          name = to
          counts.renames++
        },
      ],
      [
        2,
        () => {
          const [old, fresh] = [`made-${made}.txt`, `made-${made + 1}.txt`]
          made++
          rmSync(join(folders[0], old), { force: true })
          writeFileSync(join(folders[0], fresh), `${fresh}\n`)
          counts.deletions++
        },
      ],
      [
        2,
        () => {
          writeFileSync(join(pick(folders), 'one.bin'), Buffer.alloc(300_000, Math.floor(random() * 250)).fill(0, 0, 8))
          counts.blobs++
        },
      ],
      [
        2,
        () => {
          const pid = tandem.pidOf(random() < 0.6 ? 'daemon' : 'server')
          if (pid === undefined) return
          process.kill(pid, 'SIGKILL')
          counts.kills++
        },
      ],
      [
        1,
        () => {
          // One that is still coming back is not killed: the kills would queue up, long beyond the round.
          if (isReturning) return
          isReturning = true
          counts.kills++
          returning = other
            .kill()
            .then(() => other.start())
            .finally(() => (isReturning = false))
        },
      ],
      [
        1,
        () => {
          other.cut()
          counts.cuts++
        },
      ],
      [3, () => other.mend()],
    ]
    const all = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed))
    // A daemon that cannot reach its server when it starts waits: what is cut must be mended for it to be back.
    for (const end = Date.now() + roundMs; Date.now() < end && !signal.aborted;) {
      pick(all)()
      await new Promise((resolve) => setTimeout(resolve, random() * 60))
    }
    other.mend()
    await returning
    await until(`the folders are the same (seed ${seed})`, () => differing(...folders).length === 0, restMs).catch(
      (e: unknown) => {
        throw new Error(`${String(e)}\n${differing(...folders).join('\n')}`)
      },
    )
    for (const client of clients)
      await until(`what was typed is on the server (seed ${seed})`, () => !client.provider.hasUnsyncedChanges, restMs)
    const texts = () =>
      filesBelow(folders[0])
        .filter((path) => path.endsWith('.txt'))
        .map((path) => readFileSync(join(folders[0], path), 'utf8'))
    const seen = () => texts().flatMap((text) => text.match(/[a-z]+ \d+\./g) ?? [])
    const isThere = () => {
      const there = new Set(seen())
      return differing(...folders).length === 0 && written.every((each) => there.has(each))
    }
    // What was typed last may be on its way still; that it is missing is told below.
    await until('every line is there', isThere, restMs).catch(() => {})
    const lines = seen()
    const lost = written.filter((each) => !lines.includes(each))
    const doubled = lines.filter((each, i) => lines.indexOf(each) !== i)
    counts.lines += written.length
    counts.lost += lost.length
    counts.doubled += doubled.length
    if (lost.length + doubled.length > 0)
      throw new Error(`seed ${seed}: lost ${lost.join(', ')}; doubled ${doubled.join(', ')}`)
    const left = existsSync(join(folders[0], `made-${made}.txt`)) ? 1 : 0
    const stale = filesBelow(folders[0]).filter((path) => path.startsWith('made-')).length - left
    if (stale > 0) throw new Error(`seed ${seed}: deleted files are back`)
    for (const client of clients) client.close()
    await other.stop()
    await tandem.stop()
  } finally {
    await cleanUp()
  }
}

function startOfLine(text: string, where: number): number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)]
  return starts[Math.floor(where * starts.length)] ?? 0
}
