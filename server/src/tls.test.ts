import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { connect } from 'node:net'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createOriginCheck } from './auth/origin.ts'
import { testAuthority } from './test-certificates.ts'
import { testServer } from './test-server.ts'

type Authority = Awaited<ReturnType<typeof testAuthority>>

/** A server with a certificate for these names, and HTTPS that trusts its authority alone. */
async function secureServer(names: readonly string[], flags: Record<string, unknown> = {}, given?: Authority) {
  const authority = given ?? (await testAuthority())
  const { tlsCert, tlsKey, serial } = await authority.issue(names)
  const server = await testServer({ flags: { tlsCert, tlsKey, ...flags } })
  const ca = readFileSync(authority.ca)
  const ask = (route: string, options: RequestOptions = {}, body = '') =>
    new Promise<{ status: number | undefined; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const to = { ca, servername: names[0] ?? '', agent: false, ...options }
      const asked = request(`https://127.0.0.1:${server.port}${route}`, to, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
      })
      asked.on('error', reject).end(body)
    })
  return { ...server, authority, ca, serial, ask }
}

test('[ACC-60] [S303] with a certificate the one port speaks TLS, for requests and for sockets', async () => {
  const server = await secureServer(['localhost', '127.0.0.1'])
  expect(server.url).toBe(`https://127.0.0.1:${server.port}`)
  expect((await server.ask('/api/health')).status).toBe(200)
  await expect(server.ask('/api/health', { ca: [] })).rejects.toMatchObject({
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  })
  const socket = new WebSocket(`wss://localhost:${server.port}/api/ws?ws=${server.workspaceId}`, { ca: server.ca })
  onTestFinished(() => socket.terminate())
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
})

test('[ACC-60] [ACC-32] the cookie of a page over TLS never goes out without it', async () => {
  const server = await secureServer(['localhost'])
  const body = JSON.stringify({ token: server.ownerKey })
  const origin = `https://localhost:${server.port}`
  const headers = { host: `localhost:${server.port}`, origin }
  const answer = await server.ask('/api/v1/session', { method: 'POST', headers }, body)
  expect(answer.status).toBe(201)
  expect(String(answer.headers['set-cookie'])).toContain('Secure')
})

test('[ACC-60] [ACC-3] the names in the certificate are names of the server, others are not', async () => {
  const server = await secureServer(['tandem.example', '*.work.example'])
  const ask = (host: string) => server.ask('/api/health', { headers: { host } })
  expect((await ask('tandem.example')).status).toBe(200)
  expect((await ask('mira.work.example:443')).status).toBe(200)
  expect((await ask('elsewhere.example')).status).toBe(403)
  expect(server.publicUrl).toBe(`https://tandem.example:${server.port}`)
})

test('[ACC-60] who speaks plain HTTP to the port is told so', async () => {
  const server = await secureServer(['localhost'])
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/health`, {
    headers: { authorization: `Bearer ${server.ownerKey}` },
  })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ detail: 'this port speaks TLS: use https:// in its address' })
})

test('[ACC-60] a connection that says nothing does not keep the server from stopping', async () => {
  const server = await secureServer(['localhost'])
  const [silent, idle] = [connect(server.port, '127.0.0.1'), connectTls({ port: server.port, ca: server.ca })]
  onTestFinished(() => [silent, idle].forEach((socket) => socket.destroy()))
  for (const socket of [silent, idle]) socket.on('error', () => {})
  await new Promise((resolve) => idle.once('secureConnect', resolve))
  await server.end()
})

test('[ACC-61] a renewed certificate is used from the next connection on, without a restart', async () => {
  const server = await secureServer(['localhost'])
  const serialNow = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ port: server.port, host: '127.0.0.1', servername: 'localhost', ca: server.ca })
      socket.once('secureConnect', () => (resolve(socket.getPeerCertificate().serialNumber), socket.destroy()))
      socket.once('error', reject)
    })
  expect(await serialNow()).toBe(server.serial)
  const renewed = await server.authority.issue(['localhost'])
  expect(renewed.serial).not.toBe(server.serial)
  expect(await serialNow()).toBe(renewed.serial)
  // What is half written is left alone.
  await writeFile(renewed.tlsKey, '-----BEGIN PRIVATE KEY-----\n')
  expect(await serialNow()).toBe(renewed.serial)
  await rm(renewed.tlsCert)
  expect(await serialNow()).toBe(renewed.serial)
  expect(server.lines.filter(({ msg }) => msg === 'certificate not renewed')).toHaveLength(2)
})

test('[ACC-62] a certificate or key that cannot be used is named at the start', async () => {
  const authority = await testAuthority()
  const [one, other] = [await authority.issue(['localhost']), await authority.issue(['localhost'], 'other')]
  const start = (flags: Record<string, unknown>) => testServer({ flags })
  const refuses = async (flags: Record<string, unknown>, words: string) =>
    expect(start(flags)).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringContaining(words) })
  const missing = path.join(authority.folder, 'missing.pem')
  await refuses({ ...one, serial: undefined, tlsCert: missing }, `the certificate ${missing} cannot be read`)
  await refuses({ tlsCert: one.tlsKey, tlsKey: one.tlsKey }, `${one.tlsKey} does not hold a certificate`)
  await refuses({ tlsCert: one.tlsCert, tlsKey: one.tlsCert }, `${one.tlsCert} does not hold a private key`)
  await refuses({ tlsCert: one.tlsCert, tlsKey: other.tlsKey }, `${other.tlsKey} is not that of`)
  await refuses({ tlsCert: one.tlsCert }, '--tls-cert needs --tls-key beside it')
  await refuses({ tlsKey: one.tlsKey }, '--tls-key needs --tls-cert beside it')
})

test('[ACC-31] [S41] beyond this machine the server listens with TLS, or by --insecure alone', async () => {
  await expect(testServer({ flags: { host: '0.0.0.0' } })).rejects.toMatchObject({ code: 'config-invalid' })
  const server = await secureServer(['tandem.example'], { host: '0.0.0.0' })
  expect(server.url).toBe(`https://127.0.0.1:${server.port}`)
  expect((await server.ask('/api/health')).status).toBe(200)
})

test('[ACC-63] [ACC-3] what people are told to open is the address they reach the server by', async () => {
  const server = await testServer({ flags: { publicUrl: 'https://tandem.example/' } })
  expect(server.publicUrl).toBe('https://tandem.example')
  // A proxy hands the name on that people use.
  const ask = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, origin: 'https://tandem.example' }
      get(`${server.url}/api/health`, { headers, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).on('error', reject)
    })
  expect(await ask('tandem.example')).toBe(200)
  expect(await ask('tandem.example:443')).toBe(200)
  expect(await ask('elsewhere.example')).toBe(403)
})

test('[ACC-3] [ACC-60] a page of our own name that did not come over TLS is none of ours', async () => {
  const server = await secureServer(['tandem.example'])
  const from = async (scheme: string) =>
    (await server.ask('/api/health', { headers: { host: 'tandem.example', origin: `${scheme}://tandem.example` } }))
      .status
  expect([await from('https'), await from('http')]).toEqual([200, 403])
  // Behind a proxy that speaks TLS for it, too.
  const check = createOriginCheck({ host: '127.0.0.1', allowedHosts: [], publicUrl: 'https://tandem.example' })
  expect(check({ host: 'tandem.example', origin: 'https://tandem.example' })).toBeUndefined()
  expect(check({ host: 'tandem.example', origin: 'http://tandem.example' })).toMatchObject({ code: 'origin-refused' })
  expect(check({ host: 'localhost:4310', origin: 'http://localhost:4310' })).toBeUndefined()
})
