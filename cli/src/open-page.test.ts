import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPage } from './open-page.ts'

let dataDir: string
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'tandem-cli-'))))
afterEach(() => rmSync(dataDir, { recursive: true }))

test('[ACC-21] the browser is given a file for the owner alone, so that no command line shows the key', async () => {
  const opened: string[] = []
  const open = async (file: string) => void opened.push(file)
  const page = 'http://127.0.0.1:4310/#token=tdm_id_secret_crc'
  await openPage(dataDir, 'http://127.0.0.1:1/#token="old"', open)
  await openPage(dataDir, page, open)
  const [file = ''] = opened
  expect(opened).toEqual([file, file])
  expect(file).not.toContain('tdm_')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toContain(`url=${page}"`)
})

test('[ACC-21] a browser that cannot be opened is of no consequence', async () => {
  await openPage(dataDir, 'http://x/', () => Promise.reject(new Error('no browser')))
  await openPage(join(dataDir, 'missing'), 'http://x/', () => Promise.resolve())
})
