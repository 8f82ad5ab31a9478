import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration } from 'oidc-provider'
import { onTestFinished, vi } from 'vitest'

/** For tests: a browser's cookies, for several servers on one machine told apart by their port. */
export function testBrowser() {
  const jars = new Map<string, Map<string, string>>()
  const visit = async (address: string, init: RequestInit = {}) => {
    const url = new URL(address)
    const jar = jars.get(url.host) ?? new Map<string, string>()
    jars.set(url.host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    const to = answer.headers.get('location')
    return { answer, to: to === null ? undefined : new URL(to, url).href }
  }
  /** Follows redirects up to an address that `until` knows, without opening it; or to the last page. */
  const follow = async (from: string, until: (address: string) => boolean = () => false) => {
    let at = await visit(from)
    while (at.to !== undefined && !until(at.to)) at = await visit(at.to)
    return at
  }
  return { visit, follow }
}

/** For tests: a real provider of OpenID Connect, where `person` is whoever signs in next, without being asked. */
export async function testProvider(person: { sub: string; name: string }) {
  // It prints that it is not for production, which it is not.
  for (const level of ['info', 'warn'] as const) {
    const printed = vi.spyOn(console, level).mockReturnValue(undefined)
    onTestFinished(() => printed.mockRestore())
  }
  const provided = Promise.withResolvers<Provider>()
  const server = createServer((request, response) => {
    void provided.promise.then(async (provider) => {
      if (!request.url?.startsWith('/interaction/')) return provider.callback()(request, response)
      await provider.interactionFinished(request, response, { login: { accountId: person.sub } })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = { oidcIssuer: issuer, oidcClientId: 'tandem', oidcClientSecret: 'of-the-test-alone' }

  /** Opens the provider for a server that sends people back there. */
  const open = (redirectUri: string) => {
    const configuration: Configuration = {
      clients: [
        { client_id: settings.oidcClientId, client_secret: settings.oidcClientSecret, redirect_uris: [redirectUri] },
      ],
      scopes: ['openid', 'profile', 'email'],
      claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
      // The name comes in the ID token, as from the well-known providers.
      conformIdTokenClaims: false,
      cookies: { keys: ['for tests'] },
      ttl: { AuthorizationCode: 60 },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...person, sub }) }),
      loadExistingGrant: async ({ oidc }) => {
        const accountId = oidc.session?.accountId
        const grant = new oidc.provider.Grant({ clientId: settings.oidcClientId, ...(accountId && { accountId }) })
        grant.addOIDCScope('openid profile email')
        await grant.save()
        return grant
      },
    }
    provided.resolve(new Provider(issuer, configuration))
  }
  return { issuer, settings, open, close: () => server.close() }
}
