import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTandem, tempFolder } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

/** From the start of `tandem up` until a folder of many files is shared; an empty folder's start is told beside it. */
export async function firstMirror(files = 2_000): Promise<Row[]> {
  const start = async (folder: string) => {
    const from = performance.now()
    const tandem = await startTandem({ folder })
    const took = performance.now() - from
    const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files`)
    if (!answer.ok) throw new Error(`the files cannot be listed: ${answer.status}`)
    // Both tidy up once they idle, and the system has its pages back some seconds after that.
    await pause(15_000)
    const memory = (['server', 'daemon'] as const).map((program) => `${program} ${rssOf(tandem.pidOf(program))} MB`)
    await tandem.stop()
    return { took, memory: memory.join(', ') }
  }
  const full = tempFolder(manyFiles(files))
  const readFrom = performance.now()
  for (const name of readdirSync(full, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.ts')) readFileSync(join(full, name))
  const read = performance.now() - readFrom
  const { took: empty } = await start(tempFolder())
  const { took, memory } = await start(full)
  return [
    { what: 'start on an empty folder', samples: [empty] },
    {
      what: `start on ${files} new files`,
      samples: [took],
      floor: { what: 'reading them', samples: [read] },
      note: `mirror alone about ${(took - empty).toFixed(0)} ms; at rest: ${memory}`,
    },
  ]
}

/** Sources of some 2.4 KB each, in forty folders. */
export function manyFiles(count: number): Record<string, string> {
  const line = 'const answer = 42 // one of many lines\n'
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `src/part-${i % 40}/file-${i}.ts`,
      `// file ${i}\n${line.repeat(10 + (i % 100))}`,
    ]),
  )
}

const rssOf = (pid: number | undefined): string =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024).toFixed(0)
