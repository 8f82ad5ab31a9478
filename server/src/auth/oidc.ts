import { randomBytes } from 'node:crypto'
import { TandemError, isLoopback, messageOf, plainText, type Clock, type Settings } from '@tandem/shared'
import * as client from 'openid-client'
import { hashOf } from './secrets.ts'

/** How long a person may take at the provider, ms, and how many may be under way. */
export const attemptLifeMs = 600_000
const maxAttempts = 10_000

/** Who somebody is at the provider, and what they are called there. */
export type Identified = { identity: { issuer: string; subject: string }; name: string; invite: string | undefined }

export type Oidc = {
  /** The provider's host, for a button. */
  readonly name: string
  /**
   * Where to send the browser, and the ticket it must come back with. Throws `offline` where the provider does not
   * answer.
   */
  begin(asked: { redirectUri: string; invite: string | undefined }): Promise<{ url: URL; ticket: string }>
  /**
   * Who came back, once for each ticket; `search` is the query they came with. Throws `unauthorized` where anything of
   * it does not hold, and `offline`.
   */
  finish(ticket: string, search: string): Promise<Identified>
}

type Attempt = {
  redirectUri: string
  invite: string | undefined
  state: string
  nonce: string
  verifier: string
  endsAt: number
}

/**
 * Sign-in by OpenID Connect: authorization code with PKCE, state and nonce, the ID token's signature checked.
 * Undefined where it is not set up; throws `config-invalid` where only half of it is.
 */
export function createOidc(settings: Settings, clock: Clock): Oidc | undefined {
  const { oidcIssuer, oidcClientId, oidcClientSecret } = settings
  const given = Object.entries({ oidcIssuer, oidcClientId, oidcClientSecret })
  const missing = given.filter(([, value]) => value === undefined).map(([key]) => key)
  if (missing.length === given.length) return undefined
  if (!oidcIssuer || !oidcClientId || !oidcClientSecret) {
    const reason = `sign-in by OpenID Connect needs oidcIssuer, oidcClientId and oidcClientSecret together; missing: ${missing.join(', ')}`
    throw new TandemError('config-invalid', { reason })
  }
  const issuer = new URL(oidcIssuer)
  const isPlain = issuer.protocol === 'http:'
  if (isPlain && !isLoopback(issuer.hostname) && !settings.insecure) {
    throw new TandemError('config-invalid', { reason: `oidcIssuer must begin with https:// (${oidcIssuer})` })
  }

  /** In memory only: a restart sends who was under way to the beginning. By the hash of the ticket. */
  const attempts = new Map<string, Attempt>()
  const forgetOld = () => {
    // In the order they were made: what is still good begins where the first is.
    for (const [key, { endsAt }] of attempts) {
      if (endsAt > clock.now() && attempts.size < maxAttempts) return
      attempts.delete(key)
    }
  }
  let known: Promise<client.Configuration> | undefined
  /** Asked for at the first sign-in, not at the start: a provider that is away keeps nobody else out. */
  const provider = async (): Promise<client.Configuration> => {
    known ??= client.discovery(issuer, oidcClientId, oidcClientSecret, undefined, {
      execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
      timeout: 10,
    })
    try {
      return await known
    } catch (e) {
      known = undefined
      throw new TandemError('offline', { reason: `${issuer.host} does not answer as a provider should` }, e)
    }
  }

  return {
    name: issuer.host,
    begin: async ({ redirectUri, invite }) => {
      const config = await provider()
      forgetOld()
      const ticket = randomBytes(32).toString('base64url')
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
      const endsAt = clock.now() + attemptLifeMs
      attempts.set(hashOf(ticket), { redirectUri, invite, state, nonce, verifier, endsAt })
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      })
      return { url, ticket }
    },
    finish: async (ticket, search) => {
      forgetOld()
      const attempt = attempts.get(hashOf(ticket))
      attempts.delete(hashOf(ticket))
      if (!attempt) throw refusal('this sign-in did not begin in this browser, or took too long')
      const config = await provider()
      const { redirectUri, invite, state, nonce, verifier } = attempt
      const claims = await client
        .authorizationCodeGrant(config, new URL(redirectUri + search), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        .then(
          (tokens) => tokens.claims(),
          (e: unknown) => {
            throw refusal(`what ${issuer.host} said does not hold: ${reasonOf(e)}`, e)
          },
        )
      if (!claims) throw refusal(`${issuer.host} did not say who you are`)
      return { identity: { issuer: claims.iss, subject: claims.sub }, name: nameIn(claims), invite }
    },
  }
}

const refusal = (reason: string, e?: unknown) => new TandemError('unauthorized', { reason }, e)
/** The protocol's word for it, where the provider said one. */
const reasonOf = (e: unknown): string =>
  e instanceof client.AuthorizationResponseError || e instanceof client.ResponseBodyError ? e.error : messageOf(e)

/** What they are called at the provider, as far as it tells. */
function nameIn({ name, preferred_username: username, email }: client.IDToken): string {
  const told = [name, username, typeof email === 'string' ? email.split('@')[0] : undefined]
  const shown = told.map((one) => (typeof one === 'string' ? plainText(one.replaceAll(/\s+/g, ' ')).trim() : ''))
  return shown.find((one) => one !== '')?.slice(0, 80) ?? 'Somebody'
}
