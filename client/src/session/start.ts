import {
  type AccessToken,
  Claims,
  createId,
  Id,
  type InviteLook,
  isTandemError,
  messageOf,
  WorkspaceInfo,
} from '@tandem/shared'
import { z } from 'zod'
import { lookAtInvite } from './people.ts'
import { fetchAccessToken, listWorkspaces, signIn, whoAmI } from './rest.ts'
import type { SignInState } from './token.ts'

/** What a first visit ends in: a workspace to open, one to choose, or a reason why not. */
export type Start =
  | { to: 'open'; first: SignInState; token: AccessToken | undefined }
  | { to: 'choose'; workspaces: readonly WorkspaceInfo[]; offline: boolean }
  | { to: 'sign-in'; reason: 'expired' | 'needed' | 'unreachable' }
  /** Somebody was invited: `as` where this browser is signed in already. */
  | { to: 'join'; invite: string; look: InviteLook; as: string | undefined }
  /** The invite is no longer good; `why` says whom to ask. */
  | { to: 'not-invited'; why: string }

const Known = z.object({ claims: Claims, workspace: WorkspaceInfo })
const key = 'tandem.workspaces'

/**
 * Exchanges the token in the address for a cookie (and takes it, or an invite, out of the address and the history), then
 * finds the workspace: the one named by `?ws=`, or the only one. With the server out of reach, from what this browser knows.
 */
export async function start(wanted: string | null): Promise<Start> {
  const { token: secret, invite } = takeSecretsFromAddress()
  if (invite !== undefined) return startInvited(invite)
  try {
    if (secret) await signIn(secret)
    const workspaces = await listWorkspaces()
    const chosen = workspaces.find((w) => w.id === wanted) ?? (workspaces.length === 1 ? workspaces[0] : undefined)
    if (!chosen) return { to: 'choose', workspaces, offline: false }
    const token = await fetchAccessToken(chosen.id, { session: sessionId(), ...withName() })
    return {
      to: 'open',
      token,
      first: { claims: token.claims, workspace: token.workspace, signedOut: false, serverAheadMs: 0 },
    }
  } catch (e) {
    const signedOut = isTandemError(e, 'unauthorized') || isTandemError(e, 'forbidden')
    if (signedOut && secret) return { to: 'sign-in', reason: 'expired' }
    // What was opened here before stays usable: also after the cookie has ended, so that no edit is out of reach.
    const known = remembered()
    const chosen = known.find((k) => k.workspace.id === wanted) ?? (known.length === 1 ? known[0] : undefined)
    if (chosen) {
      const claims = { ...chosen.claims, session: sessionId() }
      return {
        to: 'open',
        token: undefined,
        first: { claims, workspace: chosen.workspace, signedOut, serverAheadMs: 0 },
      }
    }
    if (signedOut) return { to: 'sign-in', reason: 'needed' }
    if (known.length > 0) return { to: 'choose', workspaces: known.map((k) => k.workspace), offline: true }
    return { to: 'sign-in', reason: 'unreachable' }
  }
}

/** What the invite in the address leads to. The page is opened anew, without it, once it is taken. */
async function startInvited(invite: string): Promise<Start> {
  try {
    const look = await lookAtInvite(invite)
    const me = await whoAmI().catch(() => undefined) // Nobody is signed in here, which is what an invite is for.
    return { to: 'join', invite, look, as: me?.name }
  } catch (e) {
    if (isTandemError(e, 'offline')) return { to: 'sign-in', reason: 'unreachable' }
    return { to: 'not-invited', why: messageOf(e) }
  }
}

/** Keeps what is needed to open this workspace again with the server out of reach. */
export function remember(claims: Claims, workspace: WorkspaceInfo): void {
  const others = remembered().filter((k) => k.workspace.id !== workspace.id)
  store(localStorage, key, JSON.stringify([{ claims, workspace }, ...others].slice(0, 20)))
}

/** The name others see; the owner's own until one is chosen. */
export const chosenName = (): string | undefined => read(localStorage, 'tandem.name') ?? undefined
export const chooseName = (name: string): void => store(localStorage, 'tandem.name', name)
const withName = () => {
  const name = chosenName()
  return name === undefined ? {} : { name }
}

function takeSecretsFromAddress(): { token: string | undefined; invite: string | undefined } {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const [token, invite] = [fragment.get('token') ?? undefined, fragment.get('invite') ?? undefined]
  if (token !== undefined || invite !== undefined) history.replaceState(null, '', location.pathname + location.search)
  return { token, invite }
}

/** The tab: it names this tab's requests document, and a reload goes on with the same. */
function sessionId(): Id {
  const held = Id.safeParse(read(sessionStorage, 'tandem.session')).data
  if (held) return held
  const id = createId()
  store(sessionStorage, 'tandem.session', id)
  return id
}

function remembered(): z.infer<typeof Known>[] {
  try {
    return z.array(Known).parse(JSON.parse(read(localStorage, key) ?? '[]'))
  } catch {
    return [] // Written by another version of ours: as if never visited.
  }
}

function read(storage: Storage, name: string): string | null {
  try {
    return storage.getItem(name)
  } catch {
    return null // Storage is blocked.
  }
}

function store(storage: Storage, name: string, value: string): void {
  try {
    storage.setItem(name, value)
  } catch {
    // Storage is blocked or full; the pill says so where it matters.
  }
}
