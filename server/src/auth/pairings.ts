import { randomBytes, randomInt } from 'node:crypto'
import { TandemError, type Clock, type Id } from '@tandem/shared'
import { hashOf } from './secrets.ts'

/** How long a code holds, and how often a program may ask for the outcome, ms. */
export const pairingLifeMs = 600_000
export const pollEveryMs = 2_000

/** Codes that wait at once: of one address, and of all. */
const maxPerAddress = 20
const maxWaiting = 1_000

/** No vowels, so no words; no letter that can be taken for another, or for a digit. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

type State = { t: 'pending' } | { t: 'denied' } | { t: 'approved'; by: Id } | { t: 'handed-out' }
type Request = { name: string; address: string; userCode: string; expiresAt: number; polledAt: number; state: State }

/** What a person sees before they confirm. */
export type PairingFacts = Pick<Request, 'name' | 'address' | 'expiresAt'>

export type Pairings = {
  begin(from: { name: string; address: string }): { deviceCode: string; userCode: string; expiresAt: number }
  /**
   * What became of it. `approved` is said once: whoever comes with the same code again is too late. Throws
   * `rate-limited` for who asks more often than every `pollEveryMs` (RFC 8628: slow_down).
   */
  poll(deviceCode: string): { state: 'pending' | 'denied' | 'expired' } | { state: 'approved'; by: Id; name: string }
  look(userCode: string): PairingFacts | undefined
  /** Confirms or refuses it, once; undefined where there is nothing (any more) to decide. */
  answer(userCode: string, by: Id, approve: boolean): PairingFacts | undefined
}

/** Programs that wait for a person to let them in (RFC 8628). In memory only: a restart withdraws them all. */
export function createPairings(clock: Clock): Pairings {
  /** By the hash of the device code. */
  const requests = new Map<string, Request>()
  const forgetOld = () => {
    for (const [key, { expiresAt }] of requests) if (expiresAt <= clock.now()) requests.delete(key)
  }
  const open = (userCode: string): Request | undefined => {
    forgetOld()
    const wanted = userCode.toUpperCase().replaceAll(/[^A-Z]/g, '')
    return [...requests.values()].find((r) => r.state.t === 'pending' && r.userCode.replace('-', '') === wanted)
  }
  const freshCode = (): string => {
    const code = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
    return open(code) ? freshCode() : `${code.slice(0, 4)}-${code.slice(4)}`
  }

  return {
    begin: ({ name, address }) => {
      forgetOld()
      const waiting = [...requests.values()]
      if (waiting.length >= maxWaiting || waiting.filter((r) => r.address === address).length >= maxPerAddress) {
        const soonest = Math.min(...waiting.map(({ expiresAt }) => expiresAt))
        const reason = 'too many machines are waiting to be confirmed'
        throw new TandemError('rate-limited', { reason, retryAfterMs: soonest - clock.now() })
      }
      const deviceCode = `tdp_${randomBytes(32).toString('base64url')}`
      const userCode = freshCode()
      const expiresAt = clock.now() + pairingLifeMs
      const request: Request = { name, address, userCode, expiresAt, polledAt: -Infinity, state: { t: 'pending' } }
      requests.set(hashOf(deviceCode), request)
      return { deviceCode, userCode, expiresAt }
    },
    poll: (deviceCode) => {
      forgetOld()
      const request = requests.get(hashOf(deviceCode))
      if (!request || request.state.t === 'handed-out') return { state: 'expired' }
      const waitMs = request.polledAt + pollEveryMs - clock.now()
      if (waitMs > 0) throw new TandemError('rate-limited', { reason: 'asked too often', retryAfterMs: waitMs })
      request.polledAt = clock.now()
      if (request.state.t !== 'approved') return { state: request.state.t }
      const { by } = request.state
      request.state = { t: 'handed-out' }
      return { state: 'approved', by, name: request.name }
    },
    look: (userCode) => factsOf(open(userCode)),
    answer: (userCode, by, approve) => {
      const request = open(userCode)
      if (request) request.state = approve ? { t: 'approved', by } : { t: 'denied' }
      return factsOf(request)
    },
  }
}

const factsOf = (request: Request | undefined): PairingFacts | undefined =>
  request && { name: request.name, address: request.address, expiresAt: request.expiresAt }
