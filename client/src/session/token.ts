import {
  type AccessToken,
  type Claims,
  type Clock,
  type ErrorCode,
  isTandemError,
  type Log,
  type WorkspaceInfo,
} from '@tandem/shared'
import { fetchAccessToken } from './rest.ts'
import { createState } from './state.ts'

export type SignInState = {
  /** From the newest token, or, offline, as the last visit left them. */
  claims: Claims
  workspace: WorkspaceInfo
  /** The server no longer takes this browser's cookie; edits are kept here. */
  signedOut: boolean
  /** Add to this machine's clock to get the server's. */
  serverAheadMs: number
}

type Deps = {
  first: SignInState
  token: AccessToken | undefined
  clock: Clock
  log: Log
  fetch?: typeof fetchAccessToken
}

/** The workspace's access token: fetched when needed, anew at 80 % of its life. */
export function createTokens({ first, token, clock, log, fetch = fetchAccessToken }: Deps) {
  const state = createState<SignInState>(first)
  let held: { token: string; freshUntil: number } | undefined
  let fetching: Promise<string> | undefined
  let name: string | undefined

  const take = ({ token, expiresAt, serverTime, claims, workspace }: AccessToken): string => {
    held = { token, freshUntil: clock.now() + (expiresAt - serverTime) * 0.8 }
    state.patch({ claims, workspace, signedOut: false, serverAheadMs: serverTime - clock.now() })
    return token
  }
  const renew = async (): Promise<string> => {
    const { claims, workspace } = state.snapshot()
    try {
      return take(await fetch(workspace.id, { session: claims.session, ...(name !== undefined && { name }) }))
    } catch (e) {
      log.warn('no access token', { error: e })
      // Not found: a server whose data is lost, or another one at this address, has no such workspace.
      if (isTandemError(e) && turnedAway.has(e.code)) state.patch({ signedOut: true })
      throw e
    }
  }
  if (token) take(token)

  return {
    state,
    /** A token that is still good for a while. Throws `offline` or `unauthorized`. */
    get: async (): Promise<string> => {
      if (held && clock.now() < held.freshUntil) return held.token
      fetching ??= renew().finally(() => (fetching = undefined))
      return fetching
    },
    /** The server refused it: the next `get` fetches anew. */
    discard: () => {
      held = undefined
    },
    /** From the next token on, others see this name. */
    rename: (to: string) => {
      name = to
      held = undefined
    },
  }
}

const turnedAway = new Set<ErrorCode>(['unauthorized', 'forbidden', 'not-found'])

export type Tokens = ReturnType<typeof createTokens>
