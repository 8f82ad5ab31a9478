import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import { messageOf } from '@tandem/shared'
import type { EgressEntry } from './entry.ts'
import { AddressRefused } from './guard.ts'

type ForwardOptions = {
  readonly asked: IncomingMessage
  readonly answer: ServerResponse
  /** Judged already. */
  readonly url: URL
  readonly lookup: LookupFunction
  readonly connectMs: number
  readonly idleMs: number
  readonly end: (end: Partial<EgressEntry>) => void
  readonly refuse: (answer: ServerResponse, status: number, reason: string) => void
}

/** Headers that are about one connection, and not about what goes through it. */
const ofConnection = new Set(
  'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade expect'.split(
    ' ',
  ),
)

/**
 * Asks what a command asked for, and hands the answer back. Both are written anew from what was understood of them.
 * Throws where a header cannot be written.
 */
export function forward({ asked, answer, url, lookup, connectMs, idleMs, end, refuse }: ForwardOptions): void {
  // Said by name: Node would send the body of a GET with no sign of where it ends, as if it were the next request.
  const framing = asked.headers['transfer-encoding'] === undefined ? [] : ['transfer-encoding', 'chunked']
  const upstream = request(url, {
    method: asked.method,
    headers: [...passed(asked, ['host']), 'host', url.host, ...framing],
    lookup,
    agent: false,
    timeout: connectMs,
  })
  let received = 0
  let status: number | undefined
  const moved = () => ({ sentBytes: upstream.socket?.bytesWritten ?? 0, receivedBytes: received })
  upstream.once('timeout', () => upstream.destroy(new Error('it took too long')))
  upstream.once('socket', (socket) => socket.once('connect', () => socket.setTimeout(idleMs)))
  upstream.once('response', (response) => {
    status = response.statusCode
    try {
      answer.writeHead(response.statusCode ?? 502, passed(response, []))
    } catch (e) {
      return upstream.destroy(new Error('its answer has a header that cannot be passed on', { cause: e }))
    }
    response.on('data', (bytes: Buffer) => (received += bytes.length))
    pipeline(response, answer, (error) => {
      end({ status, ...moved(), ...(error && { code: 'FETCH_FAILED' as const, reason: messageOf(error) }) })
    })
  })
  upstream.on('error', (error) => {
    const isRefused = error instanceof AddressRefused
    end({ status, ...moved(), code: isRefused ? 'URL_NOT_ALLOWED' : 'FETCH_FAILED', reason: messageOf(error) })
    refuse(answer, isRefused ? 403 : 502, messageOf(error))
  })
  answer.once('close', () => upstream.destroy())
  pipeline(asked, upstream, () => {}) // told by the errors of either
}

/** Names and values in turn, as they came, less those about the connection and those that it names itself. */
function passed({ rawHeaders, headers }: IncomingMessage, less: readonly string[]): string[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const dropped = new Set([...ofConnection, ...named, ...less])
  return rawHeaders.flatMap((name, i) =>
    i % 2 === 0 && !dropped.has(name.toLowerCase()) ? [name, rawHeaders[i + 1] ?? ''] : [],
  )
}
