import type { LookupAddress } from 'node:dns'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPublic, isWithin } from './address.ts'
import { AddressRefused, createGuard, parseAuthority, type Reach, type Resolve } from './guard.ts'
import { NetworkRule } from './rules.ts'

const reach: Reach = { allow: [], deny: [], methods: 'any', allowPrivate: [], ports: [80, 443] }
const judge = (changes: Partial<Reach>, url: string, method = 'GET') => {
  const parsed = URL.parse(url)
  return parsed ? createGuard({ ...reach, ...changes }).refusal(method, parsed)?.code : 'no URL'
}
const lookup = (changes: Partial<Reach>, hostname: string, resolve: Resolve) =>
  new Promise<string[]>((done, fail) =>
    createGuard({ ...reach, ...changes }, resolve).lookup(hostname, { all: true }, (error, addresses) =>
      error ? fail(error) : done((addresses as LookupAddress[]).map(({ address }) => address)),
    ),
  )

// oxfmt-ignore
const notPublic = [
  '127.0.0.1', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '100.127.255.255', '0.0.0.0', '0.1.2.3',
  '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '::', '::1',
  '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::1',
  '2002:7f00:1::', '2002:a00:1::1', '2001::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2001:db8::1', '100::1',
  '4000::1', 'e000::1', 'no address', '',
]

describe('addresses', () => {
  test.each(notPublic)('[SBX-260] [SBX-38] %j is not public', (address) => expect(isPublic(address)).toBe(false))
  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is', (address) =>
    expect(isPublic(address)).toBe(true),
  )
  test('[SBX-260] no address of a private range is public, however it is written', () => {
    const ranges = ['10.', '127.', '192.168.', '169.254.', '172.16.', '100.64.', '0.']
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(fc.constantFrom(...ranges), octet, octet, octet, (start, b, c, d) => {
        const parts = `${start}${b}.${c}.${d}`.split('.').slice(0, 4).map(Number)
        while (parts.length < 4) parts.push(d)
        const number = parts.reduce((sum, part) => sum * 256 + part, 0)
        const [high, low] = [Math.floor(number / 65_536).toString(16), (number % 65_536).toString(16)]
        // oxfmt-ignore
        const spellings = [
          parts.join('.'), `${number}`, `0x${number.toString(16)}`, parts.map((part) => `0${part.toString(8)}`).join('.'),
          `${parts[0]}.${number % 16_777_216}`, `${parts.join('.')}.`, `[::ffff:${high}:${low}]`, `[::${high}:${low}]`, `[64:ff9b::${high}:${low}]`,
          `[2002:${high}:${low}::1]`,
        ]
        for (const host of spellings) {
          // Allowed by its own name in every way there is: it is the address that is refused.
          const url = URL.parse(`http://${host}/`)
          const allow = url ? [url.hostname, `http://${url.hostname}/`] : []
          expect(judge({ allow }, `http://${host}/`), host).toBe('URL_NOT_ALLOWED')
        }
      }),
      { numRuns: 60 },
    )
  })
  test('ranges and addresses are compared as numbers', () => {
    expect(isWithin('10.1.2.3', '10.0.0.0/8')).toBe(true)
    expect(isWithin('::ffff:10.1.2.3', '10.0.0.0/8')).toBe(true)
    expect(isWithin('11.1.2.3', '10.0.0.0/8')).toBe(false)
    expect(isWithin('fd00::1', '10.0.0.0/8')).toBe(false)
    expect(isWithin('::1', '0:0:0:0:0:0:0:1')).toBe(true)
    expect(isWithin('127.0.0.1', 'localhost')).toBe(false)
  })
})

describe('rules', () => {
  test('[S227] [SBX-261] a rule is a prefix of the URL as it is understood, never of its text', () => {
    const allow = ['https://api.example.org/repos/', 'https://raw.example.org/a/b']
    for (const url of [
      'https://api.example.org/repos/x?q',
      'https://API.example.org:443/x/../repos/x',
      'https://raw.example.org/a/b',
      'https://raw.example.org/a/b/c',
    ])
      expect(judge({ allow }, url), url).toBe(undefined)
    // oxfmt-ignore
    for (const url of [
      'http://api.example.org/repos/x', 'https://api.example.org/repos', 'https://api.example.org/other', 'https://api.example.org/repos/../other',
      'https://api.example.org/repos/%2e%2e/other', 'https://api.example.org/repos/..%2fother', 'https://api.example.org/repos/..\\other',
      'https://api.example.org/repos/%252e%252e/other', 'https://api.example.org:8443/repos/x', 'https://api.example.org.evil.org/repos/x',
      'https://api.example.org@evil.org/repos/x', 'https://evil.org/https://api.example.org/repos/', 'https://evil.org#https://api.example.org/repos/',
      'https://raw.example.org/a/bc', 'ftp://api.example.org/repos/x', 'file:///etc/passwd', 'data:text/plain,x', 'https://user:pass@api.example.org/repos/x',
    ])
      expect(judge({ allow }, url), url).toBe('URL_NOT_ALLOWED')
    expect(judge({ allow: [] }, 'https://api.example.org/')).toBe('URL_NOT_ALLOWED')
  })
  test('[SBX-261] a host is allowed with its ports alone, a star for what is below it', () => {
    const allow = ['example.org', '*.example.net', 'example.com:8080', 'xn--r8jz45g.jp']
    // oxfmt-ignore
    for (const url of ['http://example.org/x', 'https://EXAMPLE.org./', 'https://a.b.example.net/', 'http://example.com:8080/', 'https://例え.jp/'])
      expect(judge({ allow }, url), url).toBe(undefined)
    // oxfmt-ignore
    for (const url of [
      'http://example.org:22/', 'https://a.example.org/', 'https://example.net/', 'https://evilexample.net/', 'http://example.com/', 'http://example.com:80801/',
    ])
      expect([judge({ allow }, url)], url).not.toEqual([undefined])
  })
  test('[S228] a method that is not allowed is refused by its own code', () => {
    const some = { allow: ['example.org'], methods: ['GET', 'HEAD', 'OPTIONS'] }
    for (const method of some.methods) expect(judge(some, 'http://example.org/', method)).toBe(undefined)
    for (const method of ['POST', 'PUT', 'DELETE', 'TRACE'])
      expect(judge(some, 'http://example.org/', method)).toBe('METHOD_NOT_ALLOWED')
    expect(judge(some, 'http://example.net/', 'POST')).toBe('URL_NOT_ALLOWED')
  })
  test('[SBX-262] a tunnel goes to a host that is allowed whole, at a port of the web or one that was named', () => {
    const guard = createGuard({
      ...reach,
      allow: [
        'example.org',
        'https://all.example/',
        'https://part.example/a/',
        'http://plain.example/',
        'x.example:8443',
        '127.0.0.1',
      ],
    })
    const refused = (host: string, port: number) => guard.tunnelRefusal(host, port)?.code
    for (const [host, port] of [
      ['example.org', 443],
      ['example.org', 80],
      ['all.example', 443],
      ['x.example', 8443],
    ] as const)
      expect(refused(host, port), host).toBe(undefined)
    for (const [host, port] of [
      ['example.org', 22],
      ['part.example', 443],
      ['plain.example', 80],
      ['x.example', 443],
      ['other.example', 443],
      ['127.0.0.1', 443],
    ] as const)
      expect(refused(host, port), host).toBe('URL_NOT_ALLOWED')
  })
  test('[SBX-268] what the owner denies stays denied, whatever else is allowed, by either scheme', () => {
    const denying = {
      allow: ['*.example.org', 'https://a.example.org/x/'],
      deny: ['a.example.org', 'https://b.example.org/', 'c.example.org:8443'],
    }
    const guard = createGuard({ ...reach, ...denying, ports: [80, 443, 8443] })
    for (const host of ['a.example.org', 'A.example.org.', 'b.example.org'])
      for (const port of [80, 443, 8443]) {
        expect(guard.tunnelRefusal(parseAuthority(`${host}:${port}`)!.host, port)?.code).toBe('URL_NOT_ALLOWED')
        for (const scheme of ['http', 'https'])
          expect(guard.refusal('GET', new URL(`${scheme}://${host}:${port}/x/`))?.code).toBe('URL_NOT_ALLOWED')
      }
    expect(guard.tunnelRefusal('c.example.org', 8443)?.code).toBe('URL_NOT_ALLOWED')
    expect(guard.tunnelRefusal('c.example.org', 443)).toBe(undefined)
  })
  test('what is no rule is said to be none', () => {
    // oxfmt-ignore
    for (const text of ['', 'http://', '*', '*.', '*.org', 'https://*/', 'a b', 'example.org/path', 'https://u:p@example.org/', 'ftp://example.org', 'https://example.org/?q', '@npm'])
      expect(NetworkRule.safeParse(text).success, text).toBe(false)
    for (const text of [
      'example.org',
      '*.example.org',
      'localhost:3000',
      '[::1]:80',
      '10.0.0.1',
      'https://example.org/a/',
    ])
      expect(NetworkRule.safeParse(text).success, text).toBe(true)
  })
  test('a host and port are read in one way only', () => {
    expect(parseAuthority('EXAMPLE.org:443')).toEqual({ host: 'example.org', port: 443 })
    expect(parseAuthority('0x7f.1:80')).toEqual({ host: '127.0.0.1', port: 80 })
    expect(parseAuthority('[::1]:443')).toEqual({ host: '[::1]', port: 443 })
    // oxfmt-ignore
    for (const text of ['', 'example.org', 'example.org:', ':443', 'a:b:443', 'example.org:443/x', 'u@example.org:443', 'example.org:99999', 'a%2f.b:443', 'a b:443'])
      expect(parseAuthority(text), text).toBe(undefined)
  })
})

describe('names', () => {
  test('[SBX-47] [SBX-263] of what a name leads to, only public addresses are connected to', async () => {
    const resolve = async () => ['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1111']
    expect(await lookup({}, 'example.org', resolve)).toEqual(['8.8.8.8', '2606:4700::1111'])
    await expect(lookup({}, 'example.org', async () => ['127.0.0.1', '::ffff:10.0.0.1'])).rejects.toThrow(
      AddressRefused,
    )
    await expect(lookup({}, 'example.org', async () => [])).rejects.toThrow('has no address')
  })
  test('[SBX-264] the owner may allow private places by name, by address and by range', async () => {
    const resolve = async () => ['10.0.0.1']
    for (const entry of ['intern.example', '*.example', '10.0.0.1', '10.0.0.0/8'])
      expect(await lookup({ allowPrivate: [entry] }, 'intern.example', resolve), entry).toEqual(['10.0.0.1'])
    for (const entry of ['other.example', 'example', '10.0.0.2', '10.1.0.0/16'])
      await expect(lookup({ allowPrivate: [entry] }, 'intern.example', resolve), entry).rejects.toThrow(AddressRefused)
  })
})
