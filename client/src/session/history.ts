import {
  AuthorsAnswer,
  Blame,
  DiffAnswer,
  HistoryPage,
  isTandemError,
  RestoreAnswer,
  type AuthorsRequest,
  type Id,
  type NewCheckpoint,
  type RestoreRequest,
  type RevertRequest,
} from '@tandem/shared'
import type { z } from 'zod'
import { ask, call } from './call.ts'
import { readText, type VersionText } from './read-text.ts'

/** A restore of everything writes thousands of files; giving up early would only hide that it goes on. */
const restoreWithinMs = 120_000
const pageSize = 60

/** A version's number, or how things stand. */
export type Version = number | 'head'

/** The workspace's past, as the server tells it. All throw `offline`, or what the server's problem says. */
export function createHistory(workspaceId: string) {
  const base = `/api/v1/workspaces/${workspaceId}`
  return {
    /** Steps, the newest first; `cursor` asks for what is older. */
    page: (filter: { file?: Id | undefined; author?: Id | undefined }, cursor?: string, signal?: AbortSignal) => {
      const query = new URLSearchParams({ limit: String(pageSize) })
      for (const [key, value] of Object.entries({ ...filter, cursor })) if (value !== undefined) query.set(key, value)
      return call('GET', `${base}/history?${query.toString()}`, HistoryPage, undefined, { signal })
    },
    /** A file's text at a version; `path` is its path of then. */
    text: async (version: Version, path: string, signal?: AbortSignal): Promise<VersionText> => {
      try {
        const url = `${base}/versions/${version}/files/${path.split('/').map(encodeURIComponent).join('/')}`
        const answer = await ask('GET', url, undefined, { signal })
        if (answer.headers.get('content-type')?.startsWith('text/')) return readText(await answer.arrayBuffer())
        // A film need not come here for that.
        await answer.body?.cancel()
        return { reason: 'it is not a text' }
      } catch (e) {
        if (isTandemError(e, 'not-found')) return { reason: e.message }
        throw e
      }
    },
    /** Which files differ between two versions. */
    diff: (from: number, to: Version, signal?: AbortSignal) =>
      call('GET', `${base}/diff?from=${from}&to=${to}`, DiffAnswer, undefined, { signal }),
    /** Who wrote each character of a text as it stands on the server, and when. */
    blame: (path: string, signal?: AbortSignal) =>
      call(
        'GET',
        `${base}/versions/head/blame/${path.split('/').map(encodeURIComponent).join('/')}`,
        Blame,
        undefined,
        { signal },
      ),
    /** Whom Yjs client ids belong to; at most 2,000 at once. */
    authors: (clients: number[]) =>
      call('POST', `${base}/authors`, AuthorsAnswer, { clients } satisfies z.input<typeof AuthorsRequest>),
    restore: (request: z.infer<typeof RestoreRequest>) =>
      call('POST', `${base}/restore`, RestoreAnswer, request, { withinMs: restoreWithinMs }),
    revert: (request: z.infer<typeof RevertRequest>) =>
      call('POST', `${base}/revert`, RestoreAnswer, request, { withinMs: restoreWithinMs }),
    /** Names a version; it then stands among the checkpoints of the `ops` document. */
    nameVersion: async (request: z.input<typeof NewCheckpoint>): Promise<void> => {
      await ask('POST', `${base}/checkpoints`, request)
    },
    removeName: async (id: Id): Promise<void> => {
      await ask('DELETE', `${base}/checkpoints/${id}`)
    },
  }
}

export type History = ReturnType<typeof createHistory>
