import { expect, test } from 'vitest'
import { looksBlockedByNetwork } from './network-hint.ts'

test.each([
  'npm error request to https://registry.example.org/x failed, reason: getaddrinfo EAI_AGAIN registry.example.org',
  'fatal: unable to access https://example.org/x.git/: Could not resolve host: example.org',
  'curl: (7) Failed to connect to 1.2.3.4 port 80: Network is unreachable',
  'socket.gaierror: [Errno -3] Temporary failure in name resolution',
  'go: dial tcp: lookup proxy.example.org: no such host',
])('%s is recognised as a want of network', (text) => expect(looksBlockedByNetwork(1, text)).toBe(true))

test('a command that succeeded, or failed for another reason, is not', () => {
  expect(looksBlockedByNetwork(0, 'getaddrinfo EAI_AGAIN')).toBe(false)
  expect(looksBlockedByNetwork(1, 'AssertionError: 1 != 2')).toBe(false)
  expect(looksBlockedByNetwork(1, 'connect ECONNREFUSED 127.0.0.1:3000')).toBe(false)
})
