import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findIn, searchPath } from './search-path.ts'
import { findProgram } from './walls.ts'

test('[SBX-401] programs of the machine are looked for outside the folder served, links followed', () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-search-')))
  onTestFinished(() => rmSync(base, { recursive: true }))
  const [workspace, beside, bin] = [join(base, 'work'), join(base, 'work-tools'), join(base, 'bin')]
  for (const folder of [join(workspace, 'bin'), beside, bin]) mkdirSync(folder, { recursive: true })
  for (const file of [join(workspace, 'bin/tool'), join(beside, 'tool')]) writeFileSync(file, '', { mode: 0o755 })
  writeFileSync(join(bin, 'tool'), 'not to be executed', { mode: 0o644 })
  symlinkSync(join(workspace, 'bin'), join(base, 'link'))
  symlinkSync(join(workspace, 'bin/tool'), join(bin, 'other'))
  const path = [
    '.',
    'bin',
    workspace,
    join(workspace, 'bin'),
    `${beside}/../work/bin`,
    join(base, 'link'),
    '/no/such',
    bin,
    beside,
  ]
  expect(searchPath(path.join(':'), workspace)).toEqual([bin, beside])
  expect(findProgram('tool', path.join(':'), workspace)).toBe(join(beside, 'tool'))
  expect(findIn([bin], 'other', workspace)).toBeUndefined()
  expect(findProgram('sh', '', workspace)).toMatch(/\/bin\/sh$/)
})
