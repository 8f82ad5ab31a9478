import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { messageOf } from '@tandem/shared'
import { isPublic, isRange, isWithin } from './address.ts'
import { allowsTunnel, allowsUrl, denies, parseRule, plainHost, portOf } from './rules.ts'

/** What may leave, and where to. */
export type Reach = {
  /** URLs with all below them, and hosts (`NetworkRule`). All else is refused. */
  readonly allow: readonly string[]
  /** Hosts that stay refused whatever is allowed (`HostRule`). */
  readonly deny: readonly string[]
  readonly methods: readonly string[] | 'any'
  /** Hosts, addresses and ranges that may be reached though they are not public. They must be allowed besides. */
  readonly allowPrivate: readonly string[]
  /** The ports of rules that name none. */
  readonly ports: readonly number[]
}

/** All addresses of a name. The one place where names are resolved. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export type RefusalCode = 'URL_NOT_ALLOWED' | 'METHOD_NOT_ALLOWED'
export type Refusal = { readonly code: RefusalCode; readonly reason: string }

/** A connection that the guard did not let through: the host has no address that may be reached. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** Decides what leaves. Everything that does asks it, and connects by its `lookup`. */
export type Guard = {
  /** Why this request may not be made; undefined where it may. Says nothing yet of where its name leads. */
  refusal(method: string, url: URL): Refusal | undefined
  /** The same for a tunnel (CONNECT). */
  tunnelRefusal(host: string, port: number): Refusal | undefined
  /**
   * For a socket to connect by: resolves the name once and gives only addresses that may be reached, so that nobody can
   * answer with another one between the look and the connection. Fails with AddressRefused where there is none.
   */
  readonly lookup: LookupFunction
}

const systemNames: Resolve = async (hostname) =>
  (await systemLookup(hostname, { all: true })).map(({ address }) => address)

/** Makes a guard; `resolve` stands in for the system's resolver. Rules that are none are refused by the policy's schema before. */
export function createGuard(reach: Reach, resolve: Resolve = systemNames): Guard {
  const [allowed, denied] = [readRules(reach.allow), readRules(reach.deny)]
  const isDenied = (host: string, port: number) => denied.some((rule) => denies(rule, host, port))
  const isAllowed = (address: string, host: string) =>
    isPublic(address) || reach.allowPrivate.some((one) => isMeant(one, address, host))

  const addressRefusal = (host: string): Refusal | undefined => {
    const literal = literalOf(host)
    if (literal === undefined || isAllowed(literal, host)) return undefined
    return { code: 'URL_NOT_ALLOWED', reason: `${host} is an address of this machine or its network` }
  }
  const addressesOf = async (hostname: string): Promise<string[]> => {
    const found = literalOf(hostname) === undefined ? await resolve(hostname) : [hostname]
    const reachable = found.filter((address) => isAllowed(address, hostname))
    if (reachable.length > 0) return reachable
    throw new AddressRefused(
      found.length === 0
        ? `${hostname} has no address`
        : `${hostname} leads to an address of this machine or its network`,
    )
  }

  return {
    refusal: (method, url) => {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        return { code: 'URL_NOT_ALLOWED', reason: `only http and https are possible, not ${url.protocol}` }
      if (url.username || url.password)
        return { code: 'URL_NOT_ALLOWED', reason: 'a name and password in the URL are not sent' }
      if (isDenied(url.hostname, portOf(url)) || !allowed.some((rule) => allowsUrl(rule, url, reach.ports)))
        return { code: 'URL_NOT_ALLOWED', reason: `${url.origin}${url.pathname} is not allowed` }
      if (reach.methods !== 'any' && !reach.methods.includes(method))
        return { code: 'METHOD_NOT_ALLOWED', reason: `${method} is not allowed, only ${reach.methods.join(', ')}` }
      return addressRefusal(url.hostname)
    },
    tunnelRefusal: (host, port) => {
      if (isDenied(host, port) || !allowed.some((rule) => allowsTunnel(rule, host, port, reach.ports)))
        return { code: 'URL_NOT_ALLOWED', reason: `${host}:${port} is not allowed` }
      return addressRefusal(host)
    },
    lookup: (hostname, { all }, done) => {
      addressesOf(hostname).then(
        (addresses) => {
          const answers = addresses.map((address) => ({ address, family: isIP(address) }))
          // Where it asks for one, the first is as good as any.
          if (all) done(null, answers)
          else done(null, answers[0]!.address, answers[0]!.family)
        },
        (e: unknown) => done(e instanceof Error ? e : new Error(messageOf(e)), []),
      )
    },
  }
}

const readRules = (texts: readonly string[]) => texts.map(parseRule).filter((rule) => rule !== undefined)

/** The address a URL's host is, without the brackets of IPv6; undefined for a name. */
function literalOf(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '')
  return isIP(bare) ? bare : undefined
}

/** Whether an entry of `allowPrivate` means this address of this host: a name, `*.name`, an address or a range. */
function isMeant(entry: string, address: string, host: string): boolean {
  if (isRange(entry)) return isWithin(address, entry)
  const plain = plainHost(host)
  return entry.startsWith('*.') ? plain.endsWith(entry.slice(1)) : plain === entry
}

/** A host and its port as CONNECT and URLs name them, in their one spelling; undefined where it is none. */
export function parseAuthority(text: string): { host: string; port: number } | undefined {
  if (!/^(\[[^\]]*\]|[^:[\]/\\?#@%\s]+):\d{1,5}$/.test(text)) return undefined
  const url = URL.parse(`https://${text}`)
  return url ? { host: url.hostname, port: portOf(url) } : undefined
}
