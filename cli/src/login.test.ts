import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon } from '@tandem/daemon'
import { testServer, type TestServer } from '@tandem/server/test-server'
import { createId, readSettings, silentLog, systemClock } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { daemonAlone } from './alone.ts'
import { openCredentials } from './credentials.ts'
import { login, logout } from './login.ts'

/** A person's machine, on which nobody is signed in to anything. */
function freshMachine() {
  const home = mkdtempSync(join(tmpdir(), 'tandem-cli-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const machine = { env: { DISPLAY: ':0' }, home, isTTY: true }
  const [out, err, opened]: [string[], string[], string[]] = [[], [], []]
  const say = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), progress: () => {} }
  return { machine, home, say, out, err, opened, open: async (address: string) => opened.push(address) }
}
type Fresh = ReturnType<typeof freshMachine>

/** Begins to sign in; `code` is what is shown. Waiting between two questions takes no time. */
function begin(fresh: Fresh, server: string) {
  const stop = new AbortController()
  const clock = { ...systemClock, after: (_ms: number, call: () => void) => systemClock.after(5, call) }
  const settings = readSettings({ flags: { server, name: 'noor-desk' } })
  const ended = login({ ...fresh, settings, clock }, stop.signal)
  ended.catch(() => {})
  onTestFinished(() => stop.abort())
  const code = () => vi.waitUntil(() => /code ([A-Z]{4}-[A-Z]{4})/.exec(fresh.err[0] ?? '')?.[1], { timeout: 10_000 })
  return { ended, code, stop }
}
const answer = async (server: TestServer, code: string, approve: boolean) =>
  (await server.api(`/api/v1/pairings/${code}`, { method: 'POST', body: JSON.stringify({ approve }) })).status

test('[OPS-21] [OPS-22] [S57] a machine is let in by a code that a person confirms, and shares a folder with the key it got', async () => {
  const server = await testServer()
  const fresh = freshMachine()
  const signingIn = begin(fresh, server.url)
  const code = await signingIn.code()
  expect(fresh.opened).toEqual([`${server.url}/?pair=${code}`])
  expect(await (await server.api(`/api/v1/pairings/${code}`)).json()).toMatchObject({ name: 'noor-desk' })
  expect(await answer(server, code, true)).toBe(204)
  expect(await signingIn.ended).toBe(0)
  expect(fresh.out.join()).toContain(`npm run tandem -- daemon FOLDER --server ${server.url}`)

  const file = join(fresh.home, '.config', 'tandem', 'credentials.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { key } = openCredentials(fresh.machine).find(server.url) ?? {}
  expect([...fresh.out, ...fresh.err].join()).not.toContain(key)

  const folder = join(fresh.home, 'folder')
  mkdirSync(folder)
  const stop = new AbortController()
  const settings = readSettings({ flags: { server: server.url, token: key, slots: 0 } })
  const daemon = await startDaemon({ settings, folder, dataDir: join(fresh.home, 'data'), log: silentLog }, stop.signal)
  await daemon.ready
  stop.abort()
  await daemon.closed
})

test('[OPS-22] signing out takes the key away, here and on the server', async () => {
  const server = await testServer()
  const fresh = freshMachine()
  const signingIn = begin(fresh, server.url)
  await answer(server, await signingIn.code(), true)
  await signingIn.ended
  const { key = '' } = openCredentials(fresh.machine).find(server.url) ?? {}
  const ask = () => server.api('/api/v1/workspaces', { headers: { authorization: `Bearer ${key}` } })
  expect((await ask()).status).toBe(200)
  await logout({ ...fresh, settings: readSettings({}) })
  expect(fresh.out.at(-1)).toBe(`Signed out of ${server.url}.`)
  expect(openCredentials(fresh.machine).origins()).toEqual([])
  expect((await ask()).status).toBe(401)
  await expect(logout({ ...fresh, settings: readSettings({}) })).rejects.toThrow('there is no key of a server')
})

test('[OPS-22] signing out of a server that does not answer says that the key is still good there', async () => {
  const fresh = freshMachine()
  openCredentials(fresh.machine).set('http://127.0.0.1:1', { key: 'tdm_x', workspaceId: createId(), name: 'w', at: 1 })
  await logout({ ...fresh, settings: readSettings({}) })
  expect(fresh.out[0]).toContain('but still good (http://127.0.0.1:1 does not answer)')
  expect(openCredentials(fresh.machine).origins()).toEqual([])
})

test('[OPS-21] a code that is refused says so, and keeps nothing', async () => {
  const server = await testServer()
  const fresh = freshMachine()
  const signingIn = begin(fresh, server.url)
  await answer(server, await signingIn.code(), false)
  await expect(signingIn.ended).rejects.toMatchObject({
    code: 'unauthorized',
    message: 'the code was refused in the page',
  })
  expect(openCredentials(fresh.machine).origins()).toEqual([])
})

test('[OPS-21] a code that nobody confirms in time says so', async () => {
  let aheadMs = 0
  const server = await testServer({ clock: { ...systemClock, now: () => systemClock.now() + aheadMs } })
  const signingIn = begin(freshMachine(), server.url)
  await signingIn.code()
  aheadMs = 600_000
  await expect(signingIn.ended).rejects.toThrow('the code was not confirmed in time')
})

test('[OPS-21] what stands in the way is said in one sentence', async () => {
  const older = createServer((_, response) => void response.writeHead(404).end('<h1>Not found</h1>'))
  await new Promise<void>((resolve) => older.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void older.close())
  const url = `http://127.0.0.1:${(older.address() as AddressInfo).port}`
  await expect(begin(freshMachine(), url).ended).rejects.toThrow(`${url} knows no sign-in by code: it is an older`)
  await expect(begin(freshMachine(), 'http://127.0.0.1:1').ended).rejects.toThrow('http://127.0.0.1:1 does not answer')
  await expect(begin(freshMachine(), 'http://tandem.example').ended).rejects.toThrow('use https://tandem.example')
  const fresh = freshMachine()
  await expect(login({ ...fresh, settings: readSettings({}) }, AbortSignal.timeout(5_000))).rejects.toThrow(
    '--server URL',
  )
})

test('[OPS-21] who stops waiting for a confirmation ends without a key', async () => {
  const server = await testServer()
  const fresh = freshMachine()
  const signingIn = begin(fresh, server.url)
  await signingIn.code()
  signingIn.stop.abort()
  expect(await signingIn.ended).toBe(1)
  expect(fresh.err.at(-1)).toBe('Not signed in.')
})

test('[OPS-22] [OPS-19] a daemon without a key says what to type; one with the key of another server too', async () => {
  const fresh = freshMachine()
  const folder = join(fresh.home, 'folder')
  mkdirSync(folder)
  openCredentials(fresh.machine).set('https://other.example', {
    key: 'tdm_x',
    workspaceId: createId(),
    name: 'w',
    at: 1,
  })
  const { signal } = new AbortController()
  const settings = readSettings({ flags: { server: 'https://tandem.example/page', data: join(fresh.home, 'data') } })
  await expect(daemonAlone({ ...fresh, settings, force: signal }, folder, signal)).rejects.toThrow(
    'there is no key for https://tandem.example on this machine: type npm run tandem -- login --server https://tandem.example',
  )
})

test('[OPS-22] a file of keys that is damaged is named and left alone', async () => {
  const { machine, home } = freshMachine()
  const file = join(home, '.config', 'tandem', 'credentials.json')
  mkdirSync(join(home, '.config', 'tandem'), { recursive: true })
  writeFileSync(file, '{"https://a.example": {"key":')
  const credentials = openCredentials(machine)
  expect(() => credentials.find('https://a.example')).toThrow(`${file} is not valid: correct it, or move it away`)
  const credential = { key: 'k', workspaceId: createId(), name: 'w', at: 1 }
  expect(() => credentials.set('https://b.example', credential)).toThrow('is not valid')
  expect(readFileSync(file, 'utf8')).toBe('{"https://a.example": {"key":')
})
