import { BlockList, isIPv6 } from 'node:net'
import type { Settings } from '@tandem/shared'

/** Whose address a request is counted for. */
export type AddressOf = (request: { remote: string | undefined; forwardedFor: string | undefined }) => string

/**
 * The address of who asks. Behind a proxy that is what the proxy says in `X-Forwarded-For`, but only proxies that the
 * settings name are believed, and of the list only what they wrote themselves: the rest anybody can make up.
 */
export function createAddressOf({ trustedProxies }: Pick<Settings, 'trustedProxies'>): AddressOf {
  const trusted = new BlockList()
  for (const each of trustedProxies) {
    const [address = '', bits] = each.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  return ({ remote = '', forwardedFor = '' }) => {
    let address = plain(remote)
    for (const hop of forwardedFor.split(',').toReversed()) {
      if (!isTrusted(address) || hop.trim() === '') break
      address = plain(hop.trim().slice(0, 60))
    }
    return address
  }
}

/** An IPv4 address is the same one however the socket writes it. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')
