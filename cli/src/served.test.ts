import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon } from '@tandem/daemon'
import { testServer, type TestServer } from '@tandem/server/test-server'
import { createLog, readSettings, systemClock } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { daemonAlone } from './alone.ts'
import { openCredentials } from './credentials.ts'
import { status } from './status.ts'
import { cable } from './test-cable.ts'

const patience = { timeout: 60_000, interval: 20 }
const testTimeout = 90_000

function tempPlace(): { place: string; folder: string } {
  const place = mkdtempSync(join(tmpdir(), 'tandem-cli-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  const folder = join(place, 'folder')
  mkdirSync(folder)
  return { place, folder }
}

/** A daemon with a folder of its own. */
async function daemonOf(server: TestServer, name: string, flags: Record<string, unknown> = {}) {
  const { place, folder } = tempPlace()
  const stop = new AbortController()
  const lines: { msg?: string; reason?: string }[] = []
  const settings = readSettings({ flags: { server: server.url, token: server.ownerKey, name, slots: 0, ...flags } })
  const log = createLog({ write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) })
  const daemon = await startDaemon({ settings, folder, dataDir: join(place, 'data'), log }, stop.signal)
  const end = async () => {
    stop.abort()
    await daemon.closed.catch(() => {})
  }
  onTestFinished(end)
  return {
    ...daemon,
    end,
    lines,
    write: (file: string, text: string) => writeFileSync(join(folder, file), text),
    has: (file: string) => existsSync(join(folder, file)),
    read: (file: string) => readFileSync(join(folder, file), 'utf8'),
  }
}

test(
  '[ACC-69] [S311] the second daemon of a workspace ends with a clear sentence, and the first goes on',
  async () => {
    const server = await testServer()
    const first = await daemonOf(server, 'mira-laptop')
    await first.ready
    const { place, folder } = tempPlace()
    const { signal } = new AbortController()
    const machine = { env: { PATH: process.env['PATH'], HOME: place }, home: place, isTTY: false }
    const say = { out: () => {}, err: () => {}, progress: () => {} }
    const flags = { server: server.url, token: server.ownerKey, data: join(place, 'data') }
    const second = daemonAlone({ settings: readSettings({ flags }), machine, say, force: signal }, folder, signal)
    await expect(second).rejects.toMatchObject({
      failure: {
        code: 'workspace-served',
        message: expect.stringMatching(/^the daemon “mira-laptop” serves this workspace since /),
        hint: expect.stringContaining('--shared'),
      },
    })
    const { daemons } = (await (await server.inWorkspace('/daemons')).json()) as { daemons: unknown[] }
    expect(daemons).toMatchObject([{ name: 'mira-laptop', connected: true }])
  },
  testTimeout,
)

test(
  '[OPS-22] [OPS-23] a daemon alone finds its key, and status says with what and with whom its folder is shared',
  async () => {
    const server = await testServer()
    const { place, folder } = tempPlace()
    const machine = { env: { PATH: process.env['PATH'], HOME: place }, home: place, isTTY: false }
    const credential = { key: server.ownerKey, workspaceId: server.workspaceId, name: 'test', at: 1 }
    openCredentials(machine).set(server.url, credential)
    const flags = { server: server.url, name: 'noor-desk', shared: true, data: join(place, 'data'), slots: 0 }
    const settings = readSettings({ flags })
    const [out, told]: [string[], string[]] = [[], []]
    const sayTo = (lines: string[]) => ({ out: (text: string) => lines.push(text), err: () => {}, progress: () => {} })
    const [stop, force] = [new AbortController(), new AbortController()]
    const ended = daemonAlone({ settings, machine, say: sayTo(out), force: force.signal }, folder, stop.signal)
    onTestFinished(async () => {
      stop.abort()
      await ended
    })
    await Promise.race([vi.waitFor(() => expect(out[0]).toContain('Tandem shares'), patience), ended])
    expect(await status({ folder, settings, machine, say: sayTo(told) })).toBe(0)
    expect(told).toEqual([
      `${folder} is shared with ${server.url} (process ${process.pid}).`,
      expect.stringMatching(/^Its workspace is served by noor-desk, beside others that share it, since .+\.$/),
    ])
    stop.abort()
    await ended
    expect(await status({ folder, settings, machine, say: sayTo(told) })).toBe(1)
    expect(told.at(-1)).toContain('is not served')
  },
  testTimeout,
)

test('[ACC-67] [S311] a daemon that ends cleanly makes place for the next at once', async () => {
  const server = await testServer()
  const first = await daemonOf(server, 'one')
  await first.ready
  first.write('a.txt', 'of the first')
  await vi.waitFor(async () => expect((await server.api('/file/a.txt')).status).toBe(200), patience)
  await first.end()
  const second = await daemonOf(server, 'two')
  await second.ready
  expect(second.read('a.txt')).toBe('of the first')
})

test(
  '[ACC-69] [S311] a daemon that was away while another took over waits, says why, and goes on when it is free',
  async () => {
    let aheadMs = 0
    const server = await testServer({ clock: { ...systemClock, now: () => systemClock.now() + aheadMs } })
    const line = await cable(server.port)
    const first = await daemonOf(server, 'one', { server: line.url })
    await first.ready
    line.pull()
    const holders = async () =>
      ((await (await server.inWorkspace('/daemons')).json()) as { daemons: { name: string; connected: boolean }[] })
        .daemons
    await vi.waitFor(async () => expect(await holders()).toMatchObject([{ name: 'one', connected: false }]), patience)
    aheadMs = 60_000
    const second = await daemonOf(server, 'two')
    await second.ready

    first.write('of-the-first.txt', 'made while away')
    line.plug()
    const told = () =>
      first.lines.flatMap(({ msg, reason }) => (msg === 'another daemon has taken over: waiting' ? [reason] : []))
    await vi.waitFor(() => expect(told().at(-1)).toMatch(/^the daemon “two” serves this workspace since /), patience)
    second.write('of-the-second.txt', 'made by the holder')
    await vi.waitFor(async () => expect((await server.api('/file/of-the-second.txt')).status).toBe(200), patience)
    expect(first.has('of-the-second.txt')).toBe(false)
    expect(second.has('of-the-first.txt')).toBe(false)

    await second.end()
    await vi.waitFor(() => expect(first.has('of-the-second.txt')).toBe(true), patience)
    await vi.waitFor(async () => expect((await server.api('/file/of-the-first.txt')).status).toBe(200), patience)
  },
  testTimeout,
)

test('[ACC-68] [S112] [S311] two folders that are meant to be one workspace are kept the same', async () => {
  const server = await testServer()
  const one = await daemonOf(server, 'one', { shared: true })
  const two = await daemonOf(server, 'two', { shared: true })
  await Promise.all([one.ready, two.ready])
  one.write('one.txt', 'from one')
  two.write('two.txt', 'from two')
  await vi.waitFor(() => expect([two.has('one.txt'), one.has('two.txt')]).toEqual([true, true]), patience)
})
