import {
  InviteList,
  InviteLook,
  KeyList,
  MemberList,
  NewInviteAnswer,
  NewKeyAnswer,
  PairingLook,
  SessionAnswer,
  SessionList,
  type InviteInfo,
  type KeyInfo,
  type MemberInfo,
  type NewInvite,
  type NewKey,
  type Role,
  type SessionInfo,
} from '@tandem/shared'
import type { z } from 'zod'
import { ask, call } from './call.ts'

/** What the page asks about people, invites, keys and sign-ins, in one workspace. Everything throws as `call` does. */
export function openPeople(workspaceId: string) {
  const here = `/api/v1/workspaces/${workspaceId}`
  return {
    members: async (signal?: AbortSignal): Promise<readonly MemberInfo[]> =>
      (await call('GET', `${here}/members`, MemberList, undefined, { signal })).members,
    setRole: (id: string, role: Role) => ask('PATCH', `${here}/members/${id}`, { role }),
    removeMember: (id: string) => ask('DELETE', `${here}/members/${id}`),
    invites: async (signal?: AbortSignal): Promise<readonly InviteInfo[]> =>
      (await call('GET', `${here}/invites`, InviteList, undefined, { signal })).invites,
    /** `url` is told this once. */
    invite: (wanted: z.input<typeof NewInvite>) => call('POST', `${here}/invites`, NewInviteAnswer, wanted),
    revokeInvite: (id: string) => ask('DELETE', `${here}/invites/${id}`),
    keys: async (signal?: AbortSignal): Promise<readonly KeyInfo[]> =>
      (await call('GET', `${here}/keys`, KeyList, undefined, { signal })).keys,
    /** `key` is told this once. */
    makeKey: (wanted: z.input<typeof NewKey>) => call('POST', `${here}/keys`, NewKeyAnswer, wanted),
    removeKey: (id: string) => ask('DELETE', `${here}/keys/${id}`),
    sessions: async (signal?: AbortSignal): Promise<readonly SessionInfo[]> =>
      (await call('GET', '/api/v1/sessions', SessionList, undefined, { signal })).sessions,
    endSession: (id: string) => ask('DELETE', `/api/v1/sessions/${id}`),
    endOtherSessions: () => ask('DELETE', '/api/v1/sessions?others=true'),
  }
}
export type People = ReturnType<typeof openPeople>

/** What an invite is for, before it is taken. Throws `not-found` with whom to ask where it is no longer good. */
export const lookAtInvite = (token: string) => call('GET', `/api/v1/invites/${encodeURIComponent(token)}`, InviteLook)

/** Takes an invite: this browser is then signed in as that person. */
export const takeInvite = (invite: string, name: string) =>
  call('POST', '/api/v1/session', SessionAnswer, { invite, name })

/** Which machine asks to be let in under this code. */
export const lookAtPairing = (userCode: string) =>
  call('GET', `/api/v1/pairings/${encodeURIComponent(userCode)}`, PairingLook)
export const answerPairing = (userCode: string, approve: boolean) =>
  ask('POST', `/api/v1/pairings/${encodeURIComponent(userCode)}`, { approve })
