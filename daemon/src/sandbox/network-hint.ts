/** What resolvers, clients and package managers say when there is no network. */
const texts = [
  /getaddrinfo (EAI_AGAIN|ENOTFOUND)/,
  /\b(EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENETDOWN)\b/,
  /Could not resolve (host|proxy)/i,
  /Temporary failure in name resolution/i,
  /Name or service not known/i,
  /Network is unreachable/i,
  /No route to host/i,
  /Failed to establish a new connection/i,
  /dial tcp: lookup /i,
  /Temporary failure resolving/i,
  /connect ECONNREFUSED (?!127\.0\.0\.1|::1)/,
  /unable to resolve host address/i,
]

/** Did this command, judged by the end of its output, fail for want of the network, which the sandbox refuses? */
export const looksBlockedByNetwork = (exitCode: number | null, tail: string): boolean =>
  exitCode !== 0 && texts.some((text) => text.test(tail))
