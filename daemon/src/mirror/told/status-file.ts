import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Log } from '@tandem/shared'
import { MirrorState, type Files } from '@tandem/shared/docs'
import { z } from 'zod'
import type { Mirror } from '../mirror.ts'

/** What a scan of the whole folder found: when, how long it took, and how much there is. */
export const LastScan = z.object({ at: z.number(), ms: z.number(), files: z.number(), dirs: z.number() })
export type LastScan = z.infer<typeof LastScan>

/** How the mirror stood at `at`, for `tandem status` and `tandem doctor`. */
export const MirrorStatus = MirrorState.omit({ conflicts: true }).extend({
  v: z.literal(1),
  at: z.number(),
  conflicts: z.int(),
  scan: LastScan.optional(),
  /** The largest files that are listed, but not shared. */
  withheld: z.array(z.object({ path: z.string(), size: z.number(), why: z.string() })),
})
export type MirrorStatus = z.infer<typeof MirrorStatus>

const fileIn = (dataDir: string) => join(dataDir, 'mirror.json')
const largest = 5
const everyMs = 1_000

/** What the daemon with this folder of its own last wrote; undefined where none has run, or by one of another version. */
export function readMirrorStatus(daemonDir: string): MirrorStatus | undefined {
  try {
    return MirrorStatus.parse(JSON.parse(readFileSync(fileIn(daemonDir), 'utf8')))
  } catch {
    return undefined // not there, or not ours: then there is nothing to tell
  }
}

type StatusFileOptions = {
  daemonDir: string
  mirror: Pick<Mirror, 'state' | 'lastScan'>
  files: Pick<Files, 'snapshot'>
  clock: Clock
  log: Log
}

/**
 * Keeps `mirror.json` beside the daemon's data, after each scan and when something changed, at most once a second; no
 * document is written for it. The function returned writes it a last time and resolves when nothing is written any more.
 */
export function keepStatusFile({ daemonDir, mirror, files, clock, log }: StatusFileOptions): () => Promise<void> {
  let told = ''
  let writing: Promise<void> = Promise.resolve()
  let cancel: (() => void) | undefined
  let isFailing = false

  const write = async () => {
    const { conflicts, ...state } = mirror.state.snapshot()
    const status = { ...state, v: 1 as const, conflicts: conflicts.length, scan: mirror.lastScan() }
    // The count of files alone is not worth a write: the next scan tells.
    const key = JSON.stringify({ ...status, files: 0 })
    if (key === told) return
    told = key
    const whole: MirrorStatus = { ...status, at: clock.now(), withheld: withheld(files) }
    const file = fileIn(daemonDir)
    try {
      await writeFile(`${file}.new`, JSON.stringify(whole), { mode: 0o600 })
      await rename(`${file}.new`, file)
      isFailing = false
    } catch (error) {
      if (!isFailing) log.warn('mirror status not written', { file, error })
      isFailing = true
    }
  }
  const stop = mirror.state.subscribe(() => {
    cancel ??= clock.after(everyMs, () => {
      cancel = undefined
      writing = writing.then(write)
    })
  })
  return async () => {
    stop()
    cancel?.()
    await writing
    await write()
  }
}

function withheld(files: Pick<Files, 'snapshot'>): MirrorStatus['withheld'] {
  const found: MirrorStatus['withheld'] = []
  for (const { path, facts } of files.snapshot().byId.values()) {
    if (facts?.withheld !== undefined) found.push({ path, size: facts.size, why: facts.withheld })
  }
  return found.toSorted((a, b) => b.size - a.size).slice(0, largest)
}
