import {
  Pairing,
  PairingAnswer,
  PairingLook,
  PairingOutcome,
  PairingPoll,
  PairingRequest,
  TandemError,
  atLeast,
  type Id,
} from '@tandem/shared'
import { Hono } from 'hono'
import { daemonRole } from '../auth/daemons.ts'
import { pollEveryMs } from '../auth/pairings.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createGuesses } from './guesses.ts'
import { readBody } from './problem.ts'
import { addressFrom } from './rate-limit.ts'
import { requireScope } from './scopes.ts'
import { pageUrl } from './sign-in.ts'
import { requireSignedIn } from './who.ts'

/** What a machine that was let in may do. */
const pairedScopes = ['read', 'files:write', 'tasks:write', 'daemon'] as const

/** `/api/v1/pairings`: a program without a browser gets a key once a member has confirmed its short code (RFC 8628). */
export function pairingRoutes(deps: HttpDeps): Hono<Env> {
  const { pairings, members, keys, workspace, audit } = deps
  const guesses = createGuesses(deps)
  const addressOf = addressFrom(deps)
  // The key that comes of it lets a machine run what others ask for.
  const runner = requireSignedIn(deps, daemonRole)
  const noSuchCode = () =>
    new TandemError('not-found', { reason: 'There is no such code: it was mistyped, used, or is too old.' })

  const keyFor = async (by: Id, name: string): Promise<PairingOutcome> => {
    const member = members.get(by)
    if (!member || !atLeast(member.role, daemonRole)) return { state: 'denied' }
    const { key, info } = await keys.make({
      name,
      role: daemonRole,
      scopes: [...pairedScopes],
      kind: 'paired',
      principal: by,
    })
    audit.add({
      actor: by,
      action: 'key.make',
      object: info.id,
      details: { name, role: daemonRole, scopes: pairedScopes, kind: 'paired' },
    })
    return { state: 'approved', key, workspaceId: workspace.id, name: workspace.name }
  }

  return new Hono<Env>()
    .post(
      '/',
      describe({
        tag: 'Pairing',
        summary: 'Ask for a code to show to a person',
        body: PairingRequest,
        answers: { 201: Pairing },
        open: true,
      }),
      async (c) => {
        const { name } = await readBody(c, PairingRequest)
        const { deviceCode, userCode, expiresAt } = pairings.begin({ name, address: addressOf(c) })
        const verificationUri = `${pageUrl(deps, c)}/?pair`
        const verificationUriComplete = `${verificationUri}=${userCode}`
        const pairing = {
          deviceCode,
          userCode,
          verificationUri,
          verificationUriComplete,
          expiresAt,
          intervalMs: pollEveryMs,
        }
        return c.json<Pairing>(pairing, 201)
      },
    )
    .post(
      '/token',
      describe({
        tag: 'Pairing',
        summary: 'Ask what became of it',
        more: 'Not more often than the code said: that is `rate-limited`. The key is told once.',
        body: PairingPoll,
        answers: { 200: PairingOutcome },
        open: true,
      }),
      async (c) => {
        const { deviceCode } = await readBody(c, PairingPoll)
        const outcome = pairings.poll(deviceCode)
        if (outcome.state === 'approved') return c.json<PairingOutcome>(await keyFor(outcome.by, outcome.name))
        if (outcome.state === 'pending') return c.json<PairingOutcome>({ state: 'pending', intervalMs: pollEveryMs })
        return c.json<PairingOutcome>({ state: outcome.state })
      },
    )
    .get(
      '/:userCode',
      describe({ tag: 'Pairing', summary: 'What asks', answers: { 200: PairingLook }, errors: ['not-found'] }),
      runner,
      (c) => {
        guesses.check(c)
        const found = pairings.look(c.req.param('userCode'))
        if (found) return c.json<PairingLook>(found)
        guesses.wrong(c)
        throw noSuchCode()
      },
    )
    .post(
      '/:userCode',
      describe({
        tag: 'Pairing',
        summary: 'Confirm or refuse it',
        body: PairingAnswer,
        answers: { 204: 'nothing' },
        errors: ['not-found'],
      }),
      runner,
      async (c) => {
        const { approve } = await readBody(c, PairingAnswer)
        guesses.check(c)
        const { caller } = c.var
        const { principal } = caller
        if (approve) {
          // What comes of it may do no more than what confirms it, and not for longer.
          for (const scope of pairedScopes) requireScope(caller, scope)
          if (caller.expiresAt !== undefined)
            throw new TandemError('forbidden', { reason: 'a key that ends lets no machine in: it would stay for ever' })
        }
        const found = pairings.answer(c.req.param('userCode'), principal, approve)
        if (!found) {
          guesses.wrong(c)
          throw noSuchCode()
        }
        const { name, address } = found
        audit.add({
          actor: principal,
          action: approve ? 'pairing.confirm' : 'pairing.refuse',
          object: name,
          details: { address },
        })
        return c.body(null, 204)
      },
    )
}
