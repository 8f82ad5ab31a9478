import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Row } from './stats.ts'

type Measured = { readyMs: number; mb: number; latencies: number[]; storm: number; told: number; trouble?: string }

const child = fileURLToPath(import.meta.resolve('./watchers/measure.ts'))
const places = ['thread', 'here'] as const
const backends = ['directories', 'chokidar', 'parcel'] as const

/**
 * The ways of watching side by side on a tree of so many files in directories of twelve: until each is ready, what it
 * takes, how soon it tells of a save, and what it misses of 10,000 writes while the thread of whoever asked is blocked
 * for 3 s. `here`: watching in that very thread. Each in a process of its own.
 */
export async function watchers(files: number): Promise<Row[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-watchers-')))
  try {
    for (let i = 0; i < files; i++) {
      const dir = join(root, `src/part-${Math.floor(i / 480)}/d${Math.floor(i / 12)}`)
      if (i % 12 === 0) mkdirSync(dir, { recursive: true })
      writeFileSync(join(dir, `f${i}.ts`), `// ${i}\n`)
    }
    return backends.flatMap((backend) => places.flatMap((place) => rows(root, backend, place)))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function rows(root: string, backend: string, place: string): Row[] {
  const what = `${backend} ${place === 'here' ? 'in the same thread' : 'in a thread of its own'}`
  const { stdout, stderr, status } = spawnSync(process.execPath, [child, root, backend, place], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
  const last = stdout.trim().split('\n').at(-1) ?? ''
  if (status !== 0 || last === '') return [{ what, samples: [], note: `failed: ${stderr.slice(-200)}` }]
  const { readyMs, mb, latencies, storm, told, trouble } = JSON.parse(last) as Measured
  const missed = storm - told
  return [
    { what: `${what}: ready`, samples: [readyMs], note: `${mb.toFixed(0)} MB${trouble ? `; ${trouble}` : ''}` },
    {
      what: `${what}: save → told`,
      samples: latencies,
      note: `missed ${missed} of ${storm} (${((missed / storm) * 100).toFixed(1)} %) while blocked for 3 s`,
    },
  ]
}
