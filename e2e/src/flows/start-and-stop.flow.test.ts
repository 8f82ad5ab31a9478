import { createServer } from 'node:net'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { cleanUp, killAndAwaitReturn, runTandem, startTandem, tempFolder } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

test.each(['SIGINT', 'SIGTERM'] as const)(
  '[OPS-18] %s ends everything cleanly: exit code 0, nothing orphaned, everything durable',
  async (signal) => {
    const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
    const below = processesBelow(tandem.ready.pid).map(({ pid }) => pid)
    expect(below.length).toBeGreaterThanOrEqual(2)
    const path = `/api/v1/workspaces/${tandem.ready.workspaceId}/files/b.txt`
    expect(
      (await tandem.api(path, { method: 'PUT', body: 'by REST\n', headers: { 'if-none-match': '*' } })).status,
    ).toBeLessThan(300)
    const { code, stdout } = await tandem.stop(signal)
    expect(code).toBe(0)
    expect(below.filter(isAlive)).toEqual([])
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(existsSync(join(tandem.dataDir, 'running.json'))).toBe(false)
    expect(existsSync(join(tandem.folder, '.tandem', 'lock'))).toBe(false)

    const again = await startTandem({ folder: tandem.folder, dataDir: tandem.dataDir })
    expect(again.ready).toMatchObject({ token: tandem.ready.token, workspaceId: tandem.ready.workspaceId })
    expect(await (await again.api(path)).text()).toBe('by REST\n')
    await until('it is on disk', () => again.read('b.txt') === 'by REST\n')
  },
)

test('[OPS-2] a supervisor that is killed takes its children with it', async () => {
  const tandem = await startTandem()
  const below = processesBelow(tandem.ready.pid).map(({ pid }) => pid)
  process.kill(tandem.ready.pid, 'SIGKILL')
  await until('nothing is left', () => !below.some(isAlive))
  const again = await startTandem({ folder: tandem.folder, dataDir: tandem.dataDir })
  expect(again.ready.workspaceId).toBe(tandem.ready.workspaceId)
})

test('[OPS-17] a killed daemon and a killed server come back by themselves', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
  await killAndAwaitReturn(tandem, 'daemon')
  await killAndAwaitReturn(tandem, 'server')
  tandem.write('b.txt', 'two\n')
  await until('a new file is shared', async () => {
    const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files/b.txt`).catch(() => undefined)
    return answer?.ok && (await answer.text()) === 'two\n'
  })
  const { stderr, code } = await tandem.stop()
  expect(stderr).toContain('The daemon was ended by SIGKILL. Starting it again.')
  expect(stderr).toContain('The server was ended by SIGKILL. Starting it again.')
  expect(code).toBe(0)
})

test('[OPS-11] a busy port is one clear sentence and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  const { code, stdout, stderr } = await runTandem(['up', tempFolder(), '--data', tempFolder(), '--port', String(port)])
  taken.close()
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr.trim().split('\n').at(-1)).toMatch(new RegExp(`^tandem: .*port ${port} is in use.*--port`))
  expect(stderr).not.toContain('    at ')
})

test('[OPS-13] a folder served already is one clear sentence and exit code 1, and the first goes on', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
  for (const data of [tandem.dataDir, tempFolder()]) {
    const { code, stderr } = await runTandem(['up', tandem.folder, '--data', data, '--port', '0'])
    expect(code).toBe(1)
    expect(stderr.trim()).toMatch(
      /^tandem: .* is already served by another Tandem.*\. Stop the other Tandem on this folder first\.$/,
    )
  }
  expect((await tandem.api('/api/health')).status).toBe(200)
})

test('[OPS-11] a folder that is missing, or unreadable, is one clear sentence and exit code 1', async () => {
  const missing = join(tempFolder(), 'missing')
  expect(await runTandem(['up', missing, '--port', '0'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^tandem: there is no folder .*\n$/) as string,
  })
  const file = join(tempFolder(), 'file')
  writeFileSync(file, '')
  expect((await runTandem(['up', file, '--port', '0'])).stderr).toContain('is not a folder')
  if (process.getuid?.() === 0) return // for root every folder is open
  const closed = join(tempFolder(), 'closed')
  mkdirSync(closed)
  chmodSync(closed, 0)
  expect(await runTandem(['up', closed, '--port', '0'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot be read') as string,
  })
})

test('[S296] status tells whether a folder is served, token prints its key', async () => {
  const tandem = await startTandem()
  const status = await runTandem(['status', tandem.folder, '--data', tandem.dataDir, '--json'])
  expect(status.code).toBe(0)
  expect(JSON.parse(status.stdout)).toMatchObject({
    running: true,
    ready: true,
    pid: tandem.ready.pid,
    url: tandem.ready.url,
  })
  expect((await runTandem(['token', tandem.folder, '--data', tandem.dataDir])).stdout.trim()).toBe(tandem.ready.token)
  await tandem.stop()
  expect((await runTandem(['status', tandem.folder, '--data', tandem.dataDir])).code).toBe(1)
})
