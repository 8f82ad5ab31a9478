import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom, type LongSuite } from '@tandem/shared/testing'
import { accessToken, connect } from './harness/documents.ts'
import { cleanUp, startTandem } from './harness/tandem.ts'
import { until } from './harness/until.ts'

const rounds = 6
const roundMs = 40_000

/**
 * Two people write into one file, one on disk and one in its document, each line once, while daemon and server are
 * killed (-9) again and again: in the end both sides hold the same text, with every line once.
 */
const suite: LongSuite = {
  name: 'mirror-kills',
  covers: [
    'daemon/src/{disk,watch,mirror,link}/*.ts',
    'daemon/src/*.ts',
    'shared/src/{merge,docs}/*.ts',
    'server/src/{store,sync}/*.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const counts = { rounds: 0, lines: 0, kills: 0, lost: 0, doubled: 0 }
    for (let i = 0; i < rounds && !signal.aborted; i++) {
      const { lines, kills } = await round(seed + i, signal)
      counts.rounds++
      counts.lines += lines
      counts.kills += kills
      log.info('round done', counts)
    }
    return counts
  },
}
export default suite

async function round(seed: number, signal: AbortSignal): Promise<{ lines: number; kills: number }> {
  const random = randomFrom(seed)
  const tandem = await startTandem({ files: { 'a.ts': 'start\n' } })
  try {
    const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files`)
    const { files } = (await answer.json()) as { files: { id: string; path: string }[] }
    const fileId = files.find(({ path }) => path === 'a.ts')?.id ?? ''
    const client = connect(tandem, await accessToken(tandem), { kind: 'file', fileId })
    await client.synced()
    const text = client.document.getText('content')
    const onDisk = () => readFileSync(join(tandem.folder, 'a.ts'), 'utf8')
    const written: string[] = []
    let kills = 0
    for (const end = Date.now() + roundMs; Date.now() < end && !signal.aborted;) {
      const dice = random()
      const line = `${dice < 0.45 ? 'disk' : 'typed'} ${written.length}`
      if (dice < 0.45) appendFileSync(join(tandem.folder, 'a.ts'), `${line}\n`)
      else if (dice < 0.92) text.insert(startOfLine(text.toString(), random()), `${line}\n`)
      else {
        const pid = tandem.pidOf(dice < 0.97 ? 'daemon' : 'server')
        if (pid !== undefined) {
          process.kill(pid, 'SIGKILL')
          kills++
        }
      }
      if (dice < 0.92) written.push(line)
      await new Promise((resolve) => setTimeout(resolve, random() * 60))
    }
    await until(`disk and document agree (seed ${seed})`, () => onDisk() === text.toString(), 60_000)
    const seen = onDisk().split('\n').filter(Boolean)
    const lost = written.filter((line) => !seen.includes(line))
    const doubled = seen.filter((line, i) => seen.indexOf(line) !== i)
    if (lost.length + doubled.length > 0)
      throw new Error(`seed ${seed}: lost ${lost.join(', ')}; doubled ${doubled.join(', ')}`)
    client.close()
    return { lines: written.length, kills }
  } finally {
    await tandem.stop()
    await cleanUp()
  }
}

function startOfLine(text: string, where: number): number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)]
  return starts[Math.floor(where * starts.length)] ?? 0
}
