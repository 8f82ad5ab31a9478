import { z } from 'zod'

/** What may be reached: a URL with all below it, or a host, by either scheme. */
export type Rule = {
  /** Such as `https:`; undefined: either. */
  readonly protocol: string | undefined
  /** As a URL has it: lower case, punycode, an address in its one spelling. */
  readonly host: string
  /** `*.example.org`: the hosts below it, not itself. */
  readonly below: boolean
  /** Undefined: the ports that are allowed anyway. */
  readonly port: number | undefined
  /** `/` for a whole host. */
  readonly path: string
}

/** The port a URL means where it names none. */
export const portOf = ({ protocol, port }: URL): number => (port ? Number(port) : protocol === 'https:' ? 443 : 80)

/** A host as it is compared: no dot at the end, which names the same host. */
export const plainHost = (host: string): string => host.replace(/\.$/, '')

/** Reads a rule; undefined where it is none. */
export function parseRule(text: string): Rule | undefined {
  const isUrl = /^https?:\/\//i.test(text)
  const bare = text.replace(/^(https?:\/\/)?\*\./i, '$1')
  const url = URL.parse(isUrl ? bare : `http://${bare}`)
  if (!url || url.username || url.password || url.search || url.hash || url.hostname.includes('*')) return undefined
  if (!isUrl && (/[/\\?#@%\s]/.test(text) || url.pathname !== '/')) return undefined
  // The scheme's own port is dropped by a URL; in a host it was said on purpose.
  const said = /:(\d+)$/.exec(isUrl ? '' : bare)?.[1]
  const below = bare !== text
  if (below && !url.hostname.includes('.')) return undefined
  return {
    protocol: isUrl ? url.protocol : undefined,
    host: plainHost(url.hostname),
    below,
    port: said !== undefined ? Number(said) : isUrl ? portOf(url) : undefined,
    path: url.pathname,
  }
}

/** A rule for a whole host, whatever the path. */
export const HostRule = z
  .string()
  .max(400)
  .refine((text) => parseRule(text)?.path === '/', {
    message: 'it is no host (example.org, *.example.org, example.org:8080)',
  })

/** Why this cannot be a rule is not said in more detail: there is little to get wrong. */
export const NetworkRule = z
  .string()
  .max(400)
  .refine((text) => parseRule(text) !== undefined, {
    message:
      'it is neither a URL (https://example.org/path/) nor a host (example.org, *.example.org, example.org:8080)',
  })

const isHostOf = (rule: Rule, host: string): boolean =>
  rule.below ? plainHost(host).endsWith(`.${rule.host}`) : plainHost(host) === rule.host

/** Whether a rule is about this host at this port, whatever the path. */
const isAbout = (rule: Rule, host: string, port: number, ports: readonly number[]): boolean =>
  isHostOf(rule, host) && (rule.port === undefined ? ports.includes(port) : rule.port === port)

/** Whether a rule allows this URL. Below a path, what some servers take for a slash or a step up is not believed. */
export function allowsUrl(rule: Rule, url: URL, ports: readonly number[]): boolean {
  if (rule.protocol !== undefined && rule.protocol !== url.protocol) return false
  if (!isAbout(rule, url.hostname, portOf(url), ports)) return false
  if (rule.path === '/') return true
  const folder = rule.path.endsWith('/') ? rule.path : `${rule.path}/`
  return (url.pathname === rule.path || url.pathname.startsWith(folder)) && !/%(2f|5c|25)|\\/i.test(url.pathname)
}

/** Whether a rule allows a tunnel, whose inside nobody sees: only one for the whole host does. */
export const allowsTunnel = (rule: Rule, host: string, port: number, ports: readonly number[]): boolean =>
  rule.path === '/' && (rule.protocol ?? 'https:') === 'https:' && isAbout(rule, host, port, ports)

/** Whether a rule denies this host: by either scheme, and at every port unless it names one. */
export const denies = (rule: Rule, host: string, port: number): boolean =>
  isHostOf(rule, host) && (rule.protocol !== undefined || rule.port === undefined || rule.port === port)

/** Whether all that this wish asks for is within a rule. */
export function covers(rule: Rule, wish: Rule, ports: readonly number[]): boolean {
  const isWithin = wish.below ? rule.below && `.${wish.host}`.endsWith(`.${rule.host}`) : isHostOf(rule, wish.host)
  const asked = wish.port === undefined ? ports : [wish.port]
  const given = rule.port === undefined ? ports : [rule.port]
  return isWithin && asked.every((port) => given.includes(port))
}
