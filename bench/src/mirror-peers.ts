import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lsyncd, rsync, unison } from './mirrors/others.ts'
import { measure, type Figures } from './mirrors/measure.ts'
import { missing, type Peer } from './mirrors/peer.ts'
import { syncthing } from './mirrors/syncthing.ts'
import { tandem } from './mirrors/tandem.ts'
import { withFolder } from './servers.ts'
import type { Row } from './stats.ts'

const peers: readonly Peer[] = [rsync, tandem, lsyncd, unison, syncthing]

/** The same tree mirrored by us and by what others use for it, one after the other in one run. */
export async function mirrorPeers(files: number): Promise<Row[]> {
  const found: [Peer, Figures][] = []
  for (const peer of peers) {
    const lacks = missing(peer.needs)
    if (lacks.length > 0) {
      process.stderr.write(`  ${peer.name} is left out: apt-get install ${lacks.join(' ')}\n`)
      continue
    }
    process.stderr.write(`  ${peer.name} …\n`)
    const figures = await withFolder(async (base) => {
      const own = join(base, peer.name.toLowerCase())
      mkdirSync(own)
      return measure(peer, own, files)
    })
    found.push([peer, figures])
  }
  return rowsOf(found, files)
}

function rowsOf(found: readonly (readonly [Peer, Figures])[], files: number): Row[] {
  const copy = found.find(([peer]) => peer === rsync)?.[1].first
  const going = found.filter(([{ restMs }]) => restMs > 0)
  const row = (
    [{ name, note }]: readonly [Peer, Figures],
    what: string,
    took: readonly (number | undefined)[],
    floor: Row['floor'],
    more = '',
  ): Row => ({
    what: `${what}: ${name}`,
    samples: took.filter((ms) => ms !== undefined),
    ...(floor && { floor }),
    note: [note, more, took.length === 0 || took.includes(undefined) ? 'NOT ALL ARRIVED IN TIME' : '']
      .filter(Boolean)
      .join('; '),
  })
  const cost = ({ firstCpuSeconds, peakMb }: Figures) =>
    `CPU ${firstCpuSeconds.toFixed(1)} s, peak ${peakMb.toFixed(0)} MB, all processes`
  return [
    ...found.map((each) =>
      row(
        each,
        `first mirror of ${files} files`,
        [each[1].first],
        copy === undefined ? undefined : { what: 'rsync', samples: [copy] },
        cost(each[1]),
      ),
    ),
    ...going.flatMap((each) =>
      each[1].shared === undefined
        ? []
        : [row(each, '… of which until the server has all', [each[1].shared], undefined)],
    ),
    ...going.map((each) => row(each, 'save -> the other folder', each[1].saves, undefined)),
    ...going.map((each) =>
      row(each, `branch of ${files} files, there and back`, each[1].branches, {
        what: 'git checkout',
        samples: each[1].checkouts,
      }),
    ),
    ...going.map((each) =>
      row(
        each,
        '10,000 appends by another program',
        [each[1].appends],
        { what: 'the appends alone', samples: [each[1].appending] },
        `CPU ${each[1].appendsCpuSeconds.toFixed(1)} s`,
      ),
    ),
    ...going.map((each) => row(each, 'CPU at rest over 30 s (% of a core)', [each[1].idleCpu], undefined)),
  ]
}
