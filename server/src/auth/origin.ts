import { isIP } from 'node:net'
import { TandemError, isLoopback, type Settings } from '@tandem/shared'
import type { Certificate } from './certificate.ts'

/** Undefined where the request may come in; else `origin-refused`. */
export type OriginCheck = (request: { host: string | undefined; origin: string | undefined }) => TandemError | undefined

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether a request names us by a name of ours, and comes from a page of ours [ACC-3]. A page elsewhere could
 * otherwise let its own name point at this machine (DNS rebinding) and speak to us with the person's cookies.
 * Programs send no `Origin`; off loopback any IP address will do as `Host`, since no name was resolved for it. The
 * names of our certificate are ours.
 */
export function createOriginCheck(
  { host, allowedHosts, publicUrl }: Pick<Settings, 'host' | 'allowedHosts' | 'publicUrl'>,
  certificate?: Pick<Certificate, 'isFor'>,
): OriginCheck {
  const allowed = new Set([...loopback, host.toLowerCase(), ...allowedHosts.map((h) => h.toLowerCase())])
  const known = publicUrl === undefined ? undefined : new URL(publicUrl)
  if (known) allowed.add(known.hostname)
  const isAllowed = (name: string) =>
    allowed.has(name) ||
    (!isLoopback(host) && isIP(name.replace(/^\[|\]$/g, '')) !== 0) ||
    certificate?.isFor(name) === true
  const refuse = (reason: string, facts: Record<string, unknown>) =>
    new TandemError('origin-refused', { reason, ...facts })

  return ({ host: header, origin }) => {
    const url = header === undefined ? undefined : URL.parse(`http://${header}`)
    if (!url || !isAllowed(url.hostname)) return refuse('this is not a name of this server', { host: header })
    if (origin === undefined) return undefined
    const from = URL.parse(origin)
    // `header` may name the port that its scheme has anyway, the origin never does.
    const isOurs = from !== null && from.host === URL.parse(`${from.protocol}//${header}`)?.host
    // Under our own name without TLS anybody on the way may have written the page.
    const needsTls = certificate !== undefined || (known?.protocol === 'https:' && known.hostname === from?.hostname)
    const isSafe = !needsTls || from?.protocol === 'https:' || isLoopback(url.hostname)
    return isOurs && isSafe ? undefined : refuse('the page that asks is not one of ours', { origin })
  }
}

/** Listening where others can reach us needs TLS, or a word that it is known not to be there. */
export function requireSafeBinding({ host, insecure, tlsCert }: Pick<Settings, 'host' | 'insecure' | 'tlsCert'>): void {
  if (isLoopback(host) || insecure || tlsCert !== undefined) return
  throw new TandemError('config-invalid', {
    reason: `listening on ${host} without TLS would send everything in the clear: give a certificate with --tls-cert and --tls-key, put a TLS proxy before 127.0.0.1, or say --insecure`,
  })
}
