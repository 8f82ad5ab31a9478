import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forPeople, openLogFile } from './log-file.ts'

let dataDir: string
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'tandem-cli-'))))
afterEach(() => rmSync(dataDir, { recursive: true }))

test('[OPS-16] a log that cannot be written loses lines, says so once, and goes on when it can', () => {
  const told: string[] = []
  writeFileSync(join(dataDir, 'log'), 'in the way of the folder')
  const log = openLogFile(dataDir, 'server', (sentence) => told.push(sentence))
  log.append('one')
  log.append('two')
  expect(told).toEqual([expect.stringContaining('The log of the server cannot be written')])
  rmSync(join(dataDir, 'log'))
  log.append('three')
  expect(readFileSync(log.path, 'utf8')).toBe('three\n')
  rmSync(join(dataDir, 'log'), { recursive: true })
  mkdirSync(log.path, { recursive: true })
  log.append('four')
  expect(told).toHaveLength(2)
})

test('[OPS-16] at the terminal a log line is words alone: what others wrote does not act on it', () => {
  const title = '\u001b]0;mine\u0007'
  const line = (level: string) =>
    JSON.stringify({ level, msg: `file ${title}refused`, reason: `${title}\u202etoo big` })
  expect(forPeople('daemon', line('warn'))).toBe('daemon: file refused (too big)')
  expect(forPeople('daemon', line('info'))).toBeUndefined()
  expect(forPeople('daemon', `Error: ${title}boom`)).toBe('daemon: Error: boom')
})
