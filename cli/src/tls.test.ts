import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon } from '@tandem/daemon'
import { testAuthority } from '@tandem/server/test-certificates'
import { testServer } from '@tandem/server/test-server'
import { readSettings, Ready, silentLog } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { status } from './status.ts'
import { up } from './up.ts'

// Programs start slowly where many do.
const patience = { timeout: 80_000, interval: 20 }
const testTimeout = 90_000

async function tempPlace(): Promise<{ place: string; folder: string }> {
  const place = await mkdtemp(join(tmpdir(), 'tandem-cli-'))
  onTestFinished(() => rm(place, { recursive: true, force: true }))
  const folder = join(place, 'folder')
  mkdirSync(folder)
  return { place, folder }
}

/** A server with a certificate for these names. */
async function secureServer(names: readonly string[]) {
  const authority = await testAuthority()
  const { tlsCert, tlsKey } = await authority.issue(names)
  const server = await testServer({ flags: { tlsCert, tlsKey } })
  return { ...server, authority, tlsCert }
}

/** A daemon of that server with a folder of its own. It resolves when folder and server are the same. */
async function daemonOf(server: string, token: string, flags: Record<string, unknown> = {}) {
  const { place, folder } = await tempPlace()
  writeFileSync(join(folder, 'hello.txt'), 'over TLS')
  const stop = new AbortController()
  const settings = readSettings({ flags: { server, token, slots: 0, ...flags } })
  const daemon = await startDaemon({ settings, folder, dataDir: join(place, 'data'), log: silentLog }, stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await daemon.closed.catch(() => {})
  })
  return daemon.ready.then(() => folder)
}

/** Plain HTTP on any address of this machine. */
async function plainServer(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test(
  '[ACC-60] [ACC-65] [S303] `tandem up` with a certificate: real programs over TLS, and its own daemon knows the certificate',
  async () => {
    const { tlsCert, tlsKey } = await (await testAuthority()).issue(['tandem.example'])
    const { place, folder } = await tempPlace()
    writeFileSync(join(folder, 'hello.txt'), 'over TLS')
    const [stop, force] = [new AbortController(), new AbortController()]
    const [out, told]: [string[], string[]] = [[], []]
    const sayTo = (lines: string[]) => ({ out: (text: string) => lines.push(text), err: () => {}, progress: () => {} })
    const machine = { env: { PATH: process.env['PATH'], HOME: place }, home: place, isTTY: false }
    const data = join(place, 'data')
    const settings = readSettings({ flags: { json: true, data, port: 0, host: '0.0.0.0', tlsCert, tlsKey } })
    const ended = up({ folder, settings, machine, say: sayTo(out), force: force.signal }, stop.signal)
    onTestFinished(async () => {
      stop.abort()
      await ended
    })
    const line = await Promise.race([vi.waitUntil(() => out[0], patience), ended.then(() => '')])
    const { apiUrl, url } = Ready.parse(JSON.parse(line))
    expect(apiUrl).toMatch(/^https:\/\/tandem\.example:\d+$/)
    expect(url).toContain(`${apiUrl}/#token=`)
    expect(await status({ folder, settings, machine, say: sayTo(told) })).toBe(0)
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ ready: true, daemons: [{ shared: false, connected: true }] })
  },
  testTimeout,
)

test('[ACC-65] [S303] a daemon trusts the authority it is given, for requests and sockets, and no other', async () => {
  const server = await secureServer(['localhost', '127.0.0.1'])
  const stranger = await testAuthority()
  for (const tlsCa of [undefined, stranger.ca]) {
    await expect(daemonOf(server.url, server.ownerKey, { tlsCa })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/^the certificate of https:.*--tls-ca FILE$/),
    })
  }
  expect(server.lines.filter(({ msg }) => msg === 'socket closed')).toEqual([])
  const folder = await daemonOf(server.url, server.ownerKey, { tlsCa: server.authority.ca, shared: true })
  const other = await daemonOf(server.url, server.ownerKey, { tlsCa: server.authority.ca, shared: true })
  writeFileSync(join(folder, 'new.txt'), 'by both')
  await vi.waitFor(() => expect(readFileSync(join(other, 'new.txt'), 'utf8')).toBe('by both'), patience)
})

test('[ACC-65] a certificate for other names is refused, unless it is itself the one that is trusted', async () => {
  const server = await secureServer(['tandem.example'])
  await expect(daemonOf(server.url, server.ownerKey, { tlsCa: server.authority.ca })).rejects.toMatchObject({
    message: expect.stringContaining("IP: 127.0.0.1 is not in the cert's list"),
  })
  await daemonOf(server.url, server.ownerKey, { tlsCa: server.tlsCert })
})

test('[ACC-65] a file of authorities that cannot be used is named', async () => {
  const { folder } = await tempPlace()
  const [missing, empty] = [join(folder, 'missing.pem'), join(folder, 'empty.pem')]
  writeFileSync(empty, 'nothing')
  const refusal = (tlsCa: string) => daemonOf('https://127.0.0.1:1', 'tdm_secret', { tlsCa })
  await expect(refusal(missing)).rejects.toThrow(`the certificates in ${missing} (--tls-ca) cannot be read`)
  await expect(refusal(empty)).rejects.toThrow(`${empty} (--tls-ca) does not hold a certificate (PEM)`)
})

test('[ACC-64] [S303] a key never travels in the clear to another machine', async () => {
  const asked: string[] = []
  const port = await plainServer((request, response) => {
    asked.push(String(request.headers.authorization))
    response.end()
  })
  for (const scheme of ['http', 'ws']) {
    await expect(daemonOf(`${scheme}://0.0.0.0:${port}`, 'tdm_secret')).rejects.toMatchObject({
      code: 'config-invalid',
      message: `the key and all files would travel to 0.0.0.0:${port} in the clear: use https://0.0.0.0:${port}, or say --insecure`,
    })
  }
  expect(asked).toEqual([])
  await expect(daemonOf(`http://0.0.0.0:${port}`, 'tdm_secret', { insecure: true })).rejects.toBeDefined()
  expect(asked).toEqual(['Bearer tdm_secret'])
})

test('[ACC-64] a key is not carried on to where a server sends it', async () => {
  const asked: string[] = []
  const elsewhere = await plainServer((request, response) => {
    asked.push(String(request.headers.authorization))
    response.end()
  })
  const port = await plainServer((_, response) => {
    response.writeHead(308, { location: `http://127.0.0.1:${elsewhere}/` }).end()
  })
  await expect(daemonOf(`http://127.0.0.1:${port}`, 'tdm_secret')).rejects.toThrow(
    `the server sends on to http://127.0.0.1:${elsewhere}/: give that address with --server`,
  )
  expect(asked).toEqual([])
})

test('[ACC-64] a server that speaks no TLS is told as such', async () => {
  const address = `https://127.0.0.1:${await plainServer((_, response) => void response.end())}`
  await expect(daemonOf(address, 'tdm_secret')).rejects.toMatchObject({
    code: 'config-invalid',
    message: `the server at ${address} does not speak TLS`,
  })
})

test('[ACC-65] no word in the environment turns the check off', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  onTestFinished(() => void vi.unstubAllEnvs())
  const server = await secureServer(['localhost', '127.0.0.1'])
  await expect(daemonOf(server.url, server.ownerKey)).rejects.toMatchObject({ code: 'config-invalid' })
})
