import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { checkServerIdentity, getCACertificates, type ConnectionOptions } from 'node:tls'
import { isLoopback, messageOf, TandemError } from '@tandem/shared'

/** How one server is reached, and whom it must prove to be. */
export type Reach = {
  /** Such as `https://tandem.example`. */
  readonly origin: string
  fetch(route: string, init: RequestInit): Promise<Response>
  /** For sockets; undefined where Node's own will do. */
  readonly WebSocket: unknown
  close(): Promise<void>
}

/** Said by name: else a word in the environment (NODE_TLS_REJECT_UNAUTHORIZED) would turn it off. */
const always: Pick<ConnectionOptions, 'rejectUnauthorized'> = { rejectUnauthorized: true }

/** What of a connection says whom it trusts. */
type Trust = Pick<ConnectionOptions, 'ca' | 'allowPartialTrustChain' | 'checkServerIdentity'>

export type ReachOptions = {
  server: string
  /** A file (PEM) of certificates to trust beside those of the system. */
  tlsCa?: string | undefined
  insecure: boolean
}

/**
 * The origin of the server that somebody named, whose `ws:` and `wss:` mean `http:` and `https:`. Throws
 * `config-invalid` where what is sent there would travel in the clear, before anything is sent [S303].
 */
export function originOf({ server, insecure }: ReachOptions): string {
  const url = URL.parse(server.replace(/^ws/, 'http'))
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TandemError('config-invalid', {
      reason: `${server} is not the address of a server: it begins with https://`,
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !insecure) {
    throw new TandemError('config-invalid', {
      reason: `the key and all files would travel to ${url.host} in the clear: use https://${url.host}, or say --insecure`,
    })
  }
  return url.origin
}

/** Opens the way to a server. Over TLS its certificate is always checked; throws `config-invalid` as `originOf` does. */
export async function openReach(options: ReachOptions): Promise<Reach> {
  const origin = originOf(options)
  if (origin.startsWith('http:')) {
    return {
      origin,
      fetch: (route, init) => fetch(new URL(route, origin), init),
      WebSocket: undefined,
      close: async () => {},
    }
  }
  trustOf(options.tlsCa)
  // Node's own fetch and WebSocket cannot be told whom to trust; these are the same code, and can.
  const undici = await import('undici')
  const dispatcher = new undici.Agent({
    // Looked at for each connection: the file may have been renewed.
    connect: (to, done) =>
      undici.buildConnector({ ...trustOf(options.tlsCa), ...always, allowH2: false, maxCachedSessions: 0 })(to, done),
  })
  return {
    origin,
    fetch: async (route, init) =>
      (await undici.fetch(new URL(route, origin), { ...(init as object), dispatcher })) as unknown as Response,
    WebSocket: function (url: string) {
      return new undici.WebSocket(url, { dispatcher })
    },
    close: () => dispatcher.destroy(),
  }
}

/** What is wrong with the certificate, or with speaking TLS at all, where that is why a request failed. */
export function whyNotTrusted(e: unknown, origin: string): TandemError | undefined {
  const cause = e instanceof Error ? (e.cause as (Error & { code?: string }) | undefined) : undefined
  const code = cause?.code ?? ''
  const refuse = (reason: string) => new TandemError('config-invalid', { reason }, e)
  if (/SSL_WRONG_VERSION|EPROTO/.test(code)) return refuse(`the server at ${origin} does not speak TLS`)
  if (!/CERT|SELF_SIGNED|LEAF_SIGNATURE|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH/.test(code)) return undefined
  return refuse(
    `the certificate of ${origin} does not prove that it is that server (${messageOf(cause)}): ` +
      'where it is your own, give its authority with --tls-ca FILE',
  )
}

/**
 * Whom to trust: the authorities that Node and the system know, and those in the file. A server that shows a
 * certificate which itself is in the file is the one that was meant, whatever name it is reached by.
 */
function trustOf(file: string | undefined): Trust {
  const ca = [...getCACertificates('default'), ...getCACertificates('system')]
  if (file === undefined) return { ca }
  const refuse = (reason: string, e?: unknown): never => {
    throw new TandemError('config-invalid', { reason }, e)
  }
  const given = (() => {
    try {
      const pem = readFileSync(file, 'utf8')
      return [...pem.matchAll(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs)].map(
        ([one]) => new X509Certificate(one),
      )
    } catch (e) {
      return refuse(`the certificates in ${file} (--tls-ca) cannot be read: ${messageOf(e)}`, e)
    }
  })()
  if (given.length === 0) return refuse(`${file} (--tls-ca) does not hold a certificate (PEM)`)
  return {
    ca: [...ca, ...given.map(String)],
    // So that a server's own certificate can be trusted without its authority.
    allowPartialTrustChain: true,
    checkServerIdentity: (host, shown) =>
      given.some(({ fingerprint256 }) => fingerprint256 === shown.fingerprint256)
        ? undefined
        : checkServerIdentity(host, shown),
  }
}
