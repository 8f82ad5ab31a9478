import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TandemError, isLoopback, problemFor, type Settings } from '@tandem/shared'
import type { Certificate } from './auth/certificate.ts'

export type Listener = {
  /** Where requests and upgrades arrive, decrypted. */
  http: Server
  /** Settles when the port is ours; throws `port-busy` or `config-invalid`. `url` reaches it from this machine. */
  open(): Promise<{ port: number; url: string; publicUrl: string }>
  /** Goodbyes get a moment to leave; what is still open then is cut, sockets by `terminate`. */
  close(terminate: () => void): Promise<void>
}

/** The one port, with TLS where there is a certificate. */
export function createListener(
  listener: RequestListener,
  settings: Settings,
  certificate: Certificate | undefined,
): Listener {
  const http = certificate ? createTlsServer(certificate.pair(), listener) : createServer(listener)
  const strangers = certificate && greetStrangers(http as TlsServer, certificate)
  return {
    http,
    open: async () => {
      await listen(http, settings)
      const { port } = http.address() as AddressInfo
      const url = certificate
        ? `https://${hostOf(loopbackOf(settings.host))}:${port}`
        : `http://${hostOf(settings.host)}:${port}`
      const named = certificate && `https://${hostOf(publicName(settings.host, certificate))}:${port}`
      return { port, url, publicUrl: settings.publicUrl?.replace(/\/$/, '') ?? named ?? url }
    },
    close: async (terminate) => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      const cut = setTimeout(() => {
        terminate()
        http.closeAllConnections()
      }, 500)
      http.closeIdleConnections()
      for (const socket of strangers ?? []) socket.destroy()
      await closed
      clearTimeout(cut)
    },
  }
}

/**
 * Looks at the first byte of each connection before TLS does: who speaks plain HTTP to the port would otherwise see
 * nothing but an end. Before that it is the moment to see whether the certificate was renewed. Returns who has not
 * begun TLS: the server itself knows nothing of them.
 */
function greetStrangers(http: TlsServer, certificate: Certificate): ReadonlySet<Socket> {
  const plain = createServer(askForTls)
  const strangers = new Set<Socket>()
  const takers = http.listeners('connection')
  http.removeAllListeners('connection').on('connection', (duplex) => {
    const socket = duplex as Socket // of a server that listens by itself
    const renewed = certificate.renewed()
    if (renewed) http.setSecureContext(renewed)
    const giveUp = () => socket.destroy()
    strangers.add(socket)
    socket.once('close', () => strangers.delete(socket))
    socket.setTimeout(patienceMs, giveUp).on('error', giveUp)
    socket.once('data', (first: Buffer) => {
      socket.pause().unshift(first)
      if (first[0] !== tlsHandshake) {
        plain.emit('connection', socket)
        return socket.resume()
      }
      strangers.delete(socket)
      socket.setTimeout(0).off('timeout', giveUp).off('error', giveUp)
      for (const take of takers) take.call(http, socket)
    })
  })
  return strangers
}

/** The first byte of a TLS connection; no HTTP method begins so. */
const tlsHandshake = 0x16
/** How long a connection may say nothing before TLS has begun. */
const patienceMs = 10_000

const askForTls: RequestListener = (request, response) => {
  const reason = 'this port speaks TLS: use https:// in its address'
  const problem = problemFor(new TandemError('bad-request', { reason }))
  response
    .writeHead(problem.status, { 'content-type': 'application/problem+json', connection: 'close' })
    .end(JSON.stringify(problem))
  request.resume()
}

const hostOf = (host: string) => (host.includes(':') ? `[${host}]` : host)

/** The address under which this machine itself reaches who listens on `host`. */
const loopbackOf = (host: string) => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)

/** A name that is in the certificate, so that a browser takes it; the one we listen on where it is. */
function publicName(host: string, certificate: Certificate): string {
  if (certificate.isFor(host)) return host
  const names = certificate.names().filter((name) => !name.includes('*'))
  const isAtHome = isLoopback(host)
  return names.find((name) => isLoopback(name) === isAtHome) ?? names[0] ?? host
}

function listen(server: Server, { port, host }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (e: NodeJS.ErrnoException) => {
      const code = e.code === 'EADDRINUSE' ? 'port-busy' : 'config-invalid'
      const reason = e.code === 'EADDRINUSE' ? `the port ${port} is in use` : `cannot listen on ${host}:${port}`
      reject(new TandemError(code, { reason, cause: e.code }, e))
    })
    server.listen(port, host, resolve)
  })
}
