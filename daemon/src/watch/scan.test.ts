import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createIgnore } from './ignore.ts'
import { scanFolder } from './scan.ts'

test('[MIR-68] a directory is watched before it is listed: what is made in between is found', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tandem-scan-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'src/deep'), { recursive: true })
  mkdirSync(join(root, 'node_modules'))
  const watched: string[] = []
  const { files } = await scanFolder(root, createIgnore(root), '', undefined, (dir) => {
    watched.push(dir)
    writeFileSync(join(root, dir, 'late.ts'), '')
  })
  expect(watched.toSorted()).toEqual(['', 'src', 'src/deep'])
  expect([...files.keys()].toSorted()).toEqual(['late.ts', 'src/deep/late.ts', 'src/late.ts'])
})
