import {
  isTandemError,
  TandemError,
  type Clock,
  type DocPlace,
  type ErrorCode,
  type Log,
  type Settings,
} from '@tandem/shared'
import type { DaemonAbout } from '@tandem/shared/docs'
import { connect, type Connection } from './link/connect.ts'
import { createDocuments, type Documents } from './link/documents.ts'
import { createHttp } from './link/http.ts'
import type { Reach } from './link/reach.ts'
import { createTokens, findWorkspace, leaveWorkspace } from './link/token.ts'

type LinkOptions = {
  reach: Reach
  about: DaemonAbout
  apiKey: string
  settings: Settings
  clock: Clock
  log: Log
  /** Only a new session helps, or nothing. */
  fail: (e: Error) => void
}

/** A session's way to the workspace on the server: documents on one connection, and requests beside it. */
export type SessionLink = {
  place: DocPlace
  documents: Documents
  /** A request to a route of the workspace, with a token that holds. */
  call(route: string, init?: RequestInit): Promise<Response>
  /** `leaves`: for good, so that others need not wait until the silence is long enough. */
  close(leaves: boolean): Promise<void>
}

/** Finds the workspace and connects to it; rejects where the server is not there, or does not let us in. */
export async function openSessionLink({
  reach,
  about,
  apiKey,
  settings,
  clock,
  log,
  fail,
}: LinkOptions): Promise<SessionLink> {
  const http = createHttp(reach)
  const info = await findWorkspace(http, apiKey)
  const place: DocPlace = { workspaceId: info.id, epoch: info.epoch }
  const tokens = createTokens({
    http,
    apiKey,
    workspaceId: place.workspaceId,
    daemon: { id: about.id, name: about.name, shared: settings.shared },
    session: about.bootId,
    clock,
    onToken: ({ workspace }) => {
      if (workspace.epoch !== place.epoch) fail(new TandemError('epoch-changed'))
    },
  })
  await tokens.get()
  const call = async (route: string, init?: RequestInit) => {
    try {
      return await http.call(`/api/v1/workspaces/${place.workspaceId}${route}`, await tokens.get(), init)
    } catch (e) {
      if (e instanceof TandemError && (e.code === 'unauthorized' || e.code === 'token-expired')) tokens.forget()
      throw e
    }
  }

  const url = `${reach.origin.replace(/^http/, 'ws')}/api/ws?ws=${place.workspaceId}`
  const connection = connect({ url, WebSocket: reach.WebSocket, clock, log, deadMs: settings.deadMs })
  const documents = createDocuments({
    socket: connection.socket,
    place,
    token: async () => {
      try {
        return await tokens.get()
      } catch (e) {
        // What waiting does not mend ends the session; else all documents come again with the next connection.
        if (isTandemError(e) && !passing.has(e.code)) fail(e)
        else connection.drop('no access token')
        throw e
      }
    },
    log,
    onSynced: () => connection.sawSync(),
    onRefused: (_doc, code) => {
      if (code === 'epoch-changed') return fail(new TandemError('epoch-changed'))
      // Whoever has it now is named when the next session asks for it.
      if (code === 'workspace-served')
        return fail(new TandemError(code, { reason: 'another daemon serves this workspace now' }))
      if (code !== 'unauthorized' && code !== 'token-expired') return
      // The server does not know this token (any more): all documents come again with a fresh one.
      tokens.forget()
      connection.drop(code)
    },
  })
  const stopWatching = watchForNewHistory(connection, () => findWorkspace(http, apiKey), place, fail)
  return {
    place,
    documents,
    call,
    close: async (leaves) => {
      stopWatching()
      documents.close()
      connection.close()
      if (leaves) await leaveWorkspace(http, apiKey, place.workspaceId, about.id)
    },
  }
}

/** Refusals of a token that pass by themselves. */
const passing = new Set<ErrorCode>(['offline', 'going-away', 'rate-limited', 'store-failed', 'disk-full', 'internal'])

/** Behind a connection that fails there may be a server whose data was made anew: then only a new session helps. */
function watchForNewHistory(
  connection: Connection,
  find: () => Promise<{ id: string; epoch: string }>,
  place: DocPlace,
  fail: (e: Error) => void,
): () => void {
  let asking = false
  return connection.state.subscribe(() => {
    if (asking || connection.state.snapshot().at !== 'offline') return
    asking = true
    void look().finally(() => (asking = false))
  })
  async function look() {
    try {
      const now = await find()
      if (now.id !== place.workspaceId || now.epoch !== place.epoch) {
        fail(new TandemError('epoch-changed', { reason: 'the server’s data was made anew' }))
      }
    } catch {
      // Not there either: the connection is tried again as it is.
    }
  }
}
