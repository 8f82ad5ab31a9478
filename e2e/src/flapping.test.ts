import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon } from '@tandem/daemon'
import { testClient, testServer } from '@tandem/server/test-server'
import { readSettings, silentLog } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, onTestFinished, test } from 'vitest'
import { openLine } from './harness/line.ts'
import { until } from './harness/until.ts'

const flaps = 100
/** Cut once more as soon as somebody is through: the next attempt is not at once. */
const twice = new Set([7, 40, 73])

test('[MIR-56] the network flaps a hundred times while somebody types and a program writes: disk and document are equal, every line once', async () => {
  const server = await testServer()
  const line = await openLine(Number(new URL(server.url).port))
  const base = mkdtempSync(join(tmpdir(), 'tandem-flaps-'))
  const stop = new AbortController()
  const file = join(base, 'a.txt')
  writeFileSync(file, 'first\n')
  const dataDir = mkdtempSync(join(tmpdir(), 'tandem-flaps-data-'))
  const daemon = await startDaemon(
    {
      settings: readSettings({ flags: { server: `http://127.0.0.1:${line.port}`, token: server.ownerKey } }),
      folder: base,
      dataDir,
      log: silentLog,
    },
    stop.signal,
  )
  onTestFinished(async () => {
    stop.abort()
    await daemon.closed.catch(() => {})
    line.close()
    for (const dir of [base, dataDir]) rmSync(dir, { recursive: true, force: true })
  })
  await daemon.ready
  const client = await testClient(server)
  const index = openFiles((await client.open({ kind: 'files' })).doc)
  const fileId = await until('the file is shared', () => index.snapshot().byPath.get('a.txt')?.id)
  const { text } = await client.open({ kind: 'file', fileId })

  const said = ['first']
  const write = (what: string) => {
    said.push(`written ${what}`, `typed ${what}`)
    appendFileSync(file, `written ${what}\n`)
    text.insert(0, `typed ${what}\n`)
  }
  const has = (what: string, whole: string) => whole.includes(`${what}\n`)
  for (let i = 0; i < flaps; i++) {
    write(`${i} before`)
    line.cut()
    write(`${i} apart`)
    const through = line.mend()
    if (twice.has(i)) {
      await through
      line.cut()
      void line.mend()
    }
    write(`${i} after`)
    // One way or the other by turns: the next cut comes in the middle of what is left.
    await until(`flap ${i} is over`, () =>
      i % 2 === 0 ? has(`written ${i} after`, text.toString()) : has(`typed ${i} after`, readFileSync(file, 'utf8')),
    )
  }
  const isEqual = () => readFileSync(file, 'utf8') === text.toString()
  await until('all is on both sides', () => isEqual() && said.every((each) => has(each, text.toString())))
  expect(text.toString().trimEnd().split('\n').toSorted()).toEqual(said.toSorted())
})
