import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@tandem/shared'
import { openSpool, readKept } from './spool.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tandem-spool-'))))
afterEach(() => rmSync(folder, { recursive: true }))

async function spooled(...parts: string[]): Promise<string> {
  const file = join(folder, 'tasks', 'x.1.log')
  const spool = await openSpool({ file, log: silentLog })
  for (const part of parts) void spool.append(Buffer.from(part))
  await spool.close()
  return file
}

test('the whole output is appended in order', async () => {
  const file = await spooled('one ', 'two ', 'three')
  expect(readFileSync(file, 'utf8')).toBe('one two three')
  expect((await readKept({ file })).toString()).toBe('one two three')
})

test('[S137] of a long one the head and the tail are kept', async () => {
  const file = await spooled('0123456789', 'x'.repeat(2 * 1_048_576), 'abcdefghij')
  const kept = (await readKept({ file, headBytes: 10, tailBytes: 10 })).toString()
  expect(kept).toBe('0123456789\n… 2.0 MB left out here …\nabcdefghij')
})
