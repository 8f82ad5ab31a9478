import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProcessGroups } from './process-group.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tandem-groups-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('[SBX-55] where the kernel makes no group of a folder there are none, and nothing is left', () => {
  expect(openProcessGroups([join(folder, 'nowhere'), folder])).toBe(undefined)
  expect(readdirSync(folder)).toEqual([])
})

test('[SBX-55] groups of daemons that are gone are removed, others are not', () => {
  mkdirSync(join(folder, 'tandem-4194305-1'))
  mkdirSync(join(folder, `tandem-${process.pid}-1`))
  openProcessGroups([folder])
  expect([existsSync(join(folder, 'tandem-4194305-1')), existsSync(join(folder, `tandem-${process.pid}-1`))]).toEqual([
    false,
    true,
  ])
})
