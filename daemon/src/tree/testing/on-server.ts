import { FindAnswer, createId, silentLog, systemClock, type DocPlace } from '@tandem/shared'
import { createShell, shellLimits } from '../../bash/shell.ts'
import { createThreads } from '../../bash/threads.ts'
import { createScratch } from '../../isolate/scratch.ts'
import { createBlobs } from '../../link/blobs.ts'
import { createBulk } from '../../link/bulk.ts'
import { connect } from '../../link/connect.ts'
import { createDocuments } from '../../link/documents.ts'
import { createHttp } from '../../link/http.ts'
import { persistently } from '../../link/persistently.ts'
import { openReach } from '../../link/reach.ts'
import { createTokens, findWorkspace } from '../../link/token.ts'
import { createWriters } from '../../link/writers.ts'
import { openWorkspace } from '../../workspace.ts'
import { createTree } from '../tree.ts'

/** For tests: a tree and a shell over the documents of a real server, without a folder. `around` is called at each step that is taken there. */
export async function shellOnServer(
  { server, apiKey, around }: { server: string; apiKey: string; around: () => Promise<void> },
  signal: AbortSignal,
) {
  const [clock, log] = [systemClock, silentLog]
  const reach = await openReach({ server, tlsCa: undefined, insecure: false })
  const http = createHttp(reach)
  const { id: workspaceId, epoch } = await findWorkspace(http, apiKey)
  const place: DocPlace = { workspaceId, epoch }
  const daemon = { id: createId(), name: 'shell', shared: true }
  const tokens = createTokens({ http, apiKey, workspaceId, daemon, session: createId(), clock, onToken: () => {} })
  const call = async (route: string, init?: RequestInit) =>
    http.call(`/api/v1/workspaces/${workspaceId}${route}`, await tokens.get(), init)
  const url = `${reach.origin.replace(/^http/, 'ws')}/api/ws?ws=${workspaceId}`
  const connection = connect({ url, WebSocket: reach.WebSocket, clock, log, deadMs: 5_000 })
  const documents = createDocuments({
    socket: connection.socket,
    place,
    token: tokens.get,
    log,
    onSynced: () => connection.sawSync(),
    onRefused: () => {},
  })
  const self = documents.attach({ kind: 'daemon', daemonId: daemon.id })
  const index = documents.attach({ kind: 'files' })
  await self.synced(signal)
  await index.synced(signal)
  const persist = persistently({ clock, log })
  const real = openWorkspace({
    place,
    daemonId: daemon.id,
    documents,
    index,
    bulk: createBulk({ call: (route, init) => call(`/bulk/${route}`, init), persist }),
    blobs: createBlobs({ call, persist }),
    find: async () => FindAnswer.parse({ found: [] }).found.map(({ file }) => file),
    writers: createWriters(
      () => {},
      () => false,
    ),
    openFeed: (since, s) => call(`/feed${since === undefined ? '' : `?since=${since}`}`, { signal: s }),
    deadMs: 5_000,
    clock,
    log,
  })
  const read: typeof real.read = async (ids, s) => {
    const found = await real.read(ids, s)
    await around()
    return found
  }
  const tree = createTree({
    documents: { ...real, read, begin: () => () => {} },
    hides: () => false,
    mayNotWrite: () => undefined,
    maxTextBytes: 1_000_000,
    maxBlobBytes: 5_000_000,
    clock,
  })
  const threads = createThreads({ memMb: shellLimits.memMb, clock })
  const made = createShell({ scratch: createScratch(), threads, clock })
  return {
    tree,
    shell: made.with({ tree, signal }),
    close: async () => {
      made.close()
      threads.close()
      documents.close()
      connection.close()
      await reach.close()
    },
  }
}
