import ipaddr from 'ipaddr.js'

/** Of IPv6 only this has been given out; the library takes all it has no name for as ordinary. */
const givenOut = ipaddr.parseCIDR('2000::/3')

/**
 * Whether an address belongs to the public internet: not to this machine, its network, the provider's (metadata,
 * carrier-grade NAT), a group, nor to a way of writing or carrying one of these in another (mapped, compatible, 6to4,
 * Teredo, NAT64). What is no address is not public either.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const plain = ipaddr.process(address)
  return plain.range() === 'unicast' && (plain.kind() === 'ipv4' || plain.match(givenOut))
}

/** Whether an address is this one, or within this range (`10.0.0.0/8`), however either is written. */
export function isWithin(address: string, range: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const plain = ipaddr.process(address)
  if (ipaddr.isValidCIDR(range)) {
    const [base, bits] = ipaddr.parseCIDR(range)
    return plain.kind() === base.kind() && plain.match(base, bits)
  }
  return ipaddr.isValid(range) && ipaddr.process(range).toString() === plain.toString()
}

/** Whether this is an address, or a range of them, and no name. */
export const isRange = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
