import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MirrorStatus } from '@tandem/daemon/mirror-status'
import { createId } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookAtMirror, mirrorLines, mirrorStatusIn } from './mirror-findings.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tandem-cli-'))
  mkdirSync(join(dataDir, 'daemon'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const now = Date.parse('2026-11-21T12:00:00Z')
const limits = { watches: 8_192, instances: 128 }
const question = { id: createId(), kind: 'deletions' as const, count: 43, total: 60, examples: ['a.ts'], at: now }
const status: MirrorStatus = {
  v: 1,
  at: now - 1_000,
  phase: 'live',
  files: 10_000,
  hidden: [{ reason: '.gitignore', count: 12 }],
  conflicts: 0,
  alerts: [],
  watcher: 'directories',
  scan: { at: now - 1_000, ms: 120, files: 10_000, dirs: 801 },
  withheld: [{ path: 'film.mp4', size: 80_000_000, why: 'too large' }],
}
const note = (more: Partial<MirrorStatus> | string) =>
  writeFileSync(
    join(dataDir, 'daemon', 'mirror.json'),
    typeof more === 'string' ? more : JSON.stringify({ ...status, ...more }),
  )
const look = (isRunning = true) =>
  lookAtMirror({ dataDir, isRunning, now, limits }).map(
    ({ is, says, fix }) => `${is}: ${says}${fix ? ` | ${fix}` : ''}`,
  )

test('[OPS-43] the doctor says that no daemon has mirrored a folder', () => {
  expect(look(false)[0]).toBe('ok: no daemon has mirrored this folder yet')
  note('torn')
  expect(look(false)[0]).toBe('ok: no daemon has mirrored this folder yet')
})

test('[OPS-43] a mirror that is well', () => {
  note({})
  expect(look()).toEqual([
    'ok: 10,000 files shared, all in place',
    expect.stringMatching(/^ok: last looked at 10,000 files in 801 directories .*, in 120 ms$/),
    'ok: not shared: 12 by .gitignore',
    'ok: listed only: film.mp4 (80 MB, too large)',
    'ok: changes are noticed by directories',
    'ok: the system watches 8,192 directories for one user, by 128 watchers',
  ])
})

test('[OPS-43] a mirror that has stopped, with conflicts, alerts and more directories than can be watched', () => {
  const alerts = Array.from({ length: 7 }, (_, i) => ({
    kind: 'clash' as const,
    path: `${i}`,
    says: `two names ${i}\u001b[31m`,
    fix: 'Rename one.',
    at: now,
  }))
  const scan = { at: now, ms: 9, files: 9, dirs: 9_000 }
  note({
    phase: 'halted',
    reason: '43 of 60 files are gone.',
    question,
    conflicts: 2,
    alerts,
    scan,
    watcher: 'polling',
  })
  const found = look()
  expect(found).toContain('fail: stopped: 43 of 60 files are gone. | Answer in the page, or put the files back.')
  expect(found).toContain('warn: 2 conflicts in .tandem/conflicts | Settle them in the page.')
  expect(found.filter((line) => line.startsWith('warn: two names'))).toHaveLength(5)
  expect(found.join('')).not.toContain('\u001b')
  expect(found).toContain('warn: and 2 more alerts | The page lists them.')
  expect(found.at(-1)).toContain('this folder has 9,000 | sudo sysctl fs.inotify.max_user_watches=32768')
})

test('[OPS-43] what is told is old: the daemon does not run, or writes no more', () => {
  note({ at: now - 3_600_000 })
  expect(look(false)[0]).toMatch(/^ok: as it was .*: no daemon runs now$/)
  expect(look(true)[0]).toMatch(/^warn: nothing was noted since /)
})

test('[OPS-42] how the mirror stands, in words', () => {
  note({})
  const lines = (more: Partial<MirrorStatus>) => mirrorLines({ ...(mirrorStatusIn(dataDir) as MirrorStatus), ...more })
  expect(lines({})).toEqual(['The folder and its documents are the same: 10,000 files.'])
  expect(lines({ phase: 'seeding', done: 3_200, total: 10_000 })).toEqual([
    'The folder and its documents are being made the same (seeding, 3,200 of 10,000 files).',
  ])
  expect(lines({ phase: 'halted', reason: 'Gone.', question, conflicts: 1 })).toEqual([
    'The mirror has stopped: Gone.',
    'Waiting for somebody to look, in the page: 1 question, 1 conflict.',
  ])
})
