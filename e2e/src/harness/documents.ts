import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { AccessToken, createId, docName, type DocRef, type Id } from '@tandem/shared'
import * as Y from 'yjs'
import type { Tandem } from './tandem.ts'

/** A token of the owner's, as a tab gets it. */
export async function accessToken(tandem: Tandem): Promise<AccessToken> {
  const body = JSON.stringify({ session: createId(), name: 'Mallory' })
  const headers = { 'content-type': 'application/json' }
  const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/access-token`, {
    method: 'POST',
    body,
    headers,
  })
  return AccessToken.parse(await answer.json())
}

/** Every shared file's id by its path. */
export async function pathsOf(tandem: Tandem): Promise<Map<string, Id>> {
  const out = new Map<string, Id>()
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`
    const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files${query}`)
    const page = (await answer.json()) as { files: { id: Id; path: string }[]; cursor?: string }
    for (const { id, path } of page.files) out.set(path, id)
    cursor = page.cursor
  }
  return out
}

/** A raw document on a socket of its own: what another program, or a hostile page, could be. */
export type RawDocument = {
  document: Y.Doc
  socket: HocuspocusProviderWebsocket
  provider: HocuspocusProvider
  /** What happened so far: `synced`, `refused: …`, `closed: …`. */
  said: string[]
  synced(): Promise<void>
  close(): void
}

/** What opens a socket: a token, or for a long time whoever gets a fresh one. */
type Token = string | (() => Promise<string>)

/** Opens a document of the workspace. */
export function connect(
  tandem: Tandem,
  access: AccessToken,
  doc: DocRef,
  { token = access.token }: { token?: Token } = {},
): RawDocument {
  const url = `${tandem.ready.apiUrl.replace('http', 'ws')}/api/ws?ws=${tandem.ready.workspaceId}`
  return connectTo(url, docName({ workspaceId: access.workspace.id, epoch: access.workspace.epoch }, doc), token)
}

/** Opens a document of any Hocuspocus server, reconnecting as fast as our own clients do. */
export function connectTo(url: string, name: string, token: Token): RawDocument {
  const socket = new HocuspocusProviderWebsocket({ url, delay: 30, minDelay: 30, factor: 2, maxDelay: 5_000 })
  const document = new Y.Doc()
  const said: string[] = []
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name,
    document,
    token,
    awareness: null,
    onAuthenticationFailed: ({ reason }) => said.push(`refused: ${reason}`),
    onSynced: () => said.push('synced'),
    onClose: ({ event }) => said.push(`closed: ${event.code}`),
  })
  provider.attach()
  return {
    document,
    socket,
    provider,
    said,
    synced: () =>
      new Promise((resolve) => {
        if (provider.isSynced) return resolve()
        const done = () => {
          provider.off('synced', done)
          resolve()
        }
        provider.on('synced', done)
      }),
    close: () => {
      provider.destroy()
      socket.destroy()
    },
  }
}
