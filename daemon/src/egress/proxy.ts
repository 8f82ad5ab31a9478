import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { messageOf, type Clock } from '@tandem/shared'
import { withoutQuery, type EgressEntry, type KeepEntry } from './entry.ts'
import { forward } from './forward.ts'
import { AddressRefused, parseAuthority, type Guard, type Refusal } from './guard.ts'

export type ProxyOptions = {
  readonly guard: Guard
  readonly clock: Pick<Clock, 'now'>
  /** Hears of each attempt when it is over, of the first thousand. */
  readonly record: KeepEntry
}

export type Proxy = {
  /** Listens on a unix socket at this path. */
  listen(path: string): Promise<void>
  /** What was refused, as `host:port`, each once, a few of them. */
  refused(): readonly string[]
  /** Ends it, with all that goes through it. */
  close(): Promise<void>
}

const maxEntries = 1_000
const maxRefused = 10
const maxConnections = 128
const connectMs = 15_000
/** A connection on which nothing goes either way for so long is ended. */
const idleMs = 300_000

/**
 * The way out for one command: an HTTP proxy that lets through what its guard does. It asks for plain HTTP itself, and
 * opens tunnels (CONNECT) for the rest. What it hands on it writes anew, so that no two readings of a request can differ.
 */
export function createProxy({ guard, clock, record }: ProxyOptions): Proxy {
  const sockets = new Set<Duplex>()
  const refused = new Set<string>()
  let entries = 0
  const keep: KeepEntry = (entry) => {
    if (entry.code !== undefined && entry.code !== 'FETCH_FAILED' && refused.size < maxRefused)
      refused.add(entry.method === 'CONNECT' ? entry.url : (URL.parse(entry.url)?.host ?? entry.url))
    if (entries++ < maxEntries) record(entry)
  }
  /** Begins an entry; the function that is returned ends it, once. */
  const begin = (method: string, url: string) => {
    const at = clock.now()
    let isOver = false
    return (end: Partial<Omit<EgressEntry, 'at' | 'method' | 'url'>>) => {
      if (isOver) return
      isOver = true
      keep({ at, method, url, sentBytes: 0, receivedBytes: 0, ...end, durationMs: clock.now() - at })
    }
  }

  const onRequest = (asked: IncomingMessage, answer: ServerResponse) => {
    const url = /^http:\/\//i.test(asked.url ?? '') ? URL.parse(asked.url ?? '') : null
    if (!url) return refuse(answer, 400, 'a proxy is asked by whole http: URLs, and for tunnels by CONNECT')
    const end = begin(asked.method ?? '', withoutQuery(url))
    const refusal = guard.refusal(asked.method ?? '', url)
    if (refusal) {
      end(refusal)
      return refuse(answer, 403, refusal.reason)
    }
    try {
      forward({ asked, answer, url, lookup: guard.lookup, connectMs, idleMs, end, refuse })
    } catch (e) {
      end({ code: 'FETCH_FAILED', reason: messageOf(e) })
      refuse(answer, 400, messageOf(e))
    }
  }

  const onConnect = (asked: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    const to = parseAuthority(asked.url ?? '')
    const end = begin('CONNECT', to ? `${to.host}:${to.port}` : String(asked.url).slice(0, 300))
    const fail = (status: string, refusal: Pick<EgressEntry, 'code' | 'reason'>) => {
      end(refusal)
      client.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n${refusedHeader}: ${ascii(refusal.reason)}\r\n\r\n`)
    }
    if (!to) return fail('400 Bad Request', { code: 'URL_NOT_ALLOWED', reason: 'this is no host and port' })
    const refusal = guard.tunnelRefusal(to.host, to.port)
    if (refusal) return fail('403 Forbidden', refusal)
    tunnel({ to, client, head, end, fail })
  }

  const tunnel = ({ to, client, head, end, fail }: TunnelOptions) => {
    const upstream = connect({ host: to.host.replace(/^\[|\]$/g, ''), port: to.port, lookup: guard.lookup })
    sockets.add(upstream)
    let isOpen = false
    upstream.setTimeout(connectMs, () => upstream.destroy(new Error('it took too long')))
    upstream.once('connect', () => {
      isOpen = true
      upstream.setTimeout(idleMs)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', (error) => {
      if (isOpen) client.destroy()
      else if (error instanceof AddressRefused) fail('403 Forbidden', refusedAddress(error))
      else fail('502 Bad Gateway', { code: 'FETCH_FAILED', reason: messageOf(error) })
    })
    upstream.once('close', () => {
      sockets.delete(upstream)
      const moved = { sentBytes: upstream.bytesWritten, receivedBytes: upstream.bytesRead }
      end(isOpen ? { status: 200, ...moved } : { code: 'FETCH_FAILED', reason: 'it was not reached' })
    })
    client.once('close', () => upstream.destroy())
  }

  const server = createServer({ headersTimeout: 30_000, requestTimeout: 0, insecureHTTPParser: false }, onRequest)
  server.maxConnections = maxConnections
  server.on('connect', onConnect)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    listen: (path) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, resolve)
      }),
    refused: () => [...refused],
    close: async () => {
      const ended = [...sockets].map((socket) => new Promise((done) => socket.once('close', done)))
      const closed = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroy()
      // With them the last of what there is to record.
      await Promise.all([closed, ...ended])
    },
  }
}

type TunnelOptions = {
  readonly to: { readonly host: string; readonly port: number }
  readonly client: Duplex
  readonly head: Buffer
  readonly end: (end: Partial<EgressEntry>) => void
  readonly fail: (status: string, refusal: Pick<EgressEntry, 'code' | 'reason'>) => void
}

const refusedHeader = 'x-tandem-refused'
/** What a header may hold. */
const ascii = (text: string | undefined): string => (text ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 300)

export const refusedAddress = ({ message }: AddressRefused): Refusal => ({ code: 'URL_NOT_ALLOWED', reason: message })

/** Answers in the proxy's own words; what was still to come is not read. */
function refuse(answer: ServerResponse, status: number, reason: string): void {
  if (answer.headersSent) return void answer.destroy()
  const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close', [refusedHeader]: ascii(reason) }
  answer.writeHead(status, headers).end(`Tandem: ${reason}.\n`)
}
