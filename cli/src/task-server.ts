import { realpathSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { createHttp } from '@tandem/daemon/http'
import { openReach } from '@tandem/daemon/reach'
import { backoffMs, isTandemError, systemClock, TandemError, wait, WorkspaceList, type Settings } from '@tandem/shared'
import { z } from 'zod'
import type { Machine } from './config.ts'
import { openCredentials } from './credentials.ts'
import { ownDataDirOf, ownerKey } from './folder.ts'
import { findRunning, type Running } from './running.ts'
import { ProgramFailed } from './supervise.ts'

/** The server whose tasks are meant, and who we are there. */
export type TaskServer = {
  /** Where people open the page. */
  page: string
  /** Where the person stands in the shared folder, relative to it, with `/` between names. */
  here: string
  /** REST below `…/tasks`; throws what the server answers. */
  call(route: string, init?: RequestInit): Promise<Response>
  /** The same with a JSON body, where one is given; repeated a few times where the server does not answer. `key`: so that it is done once all the same. */
  post(route: string, body?: unknown, key?: string): Promise<unknown>
  /** Answers a question to people, as `post` does; throws `conflict` where it was answered otherwise. */
  decide(approval: string, answer: 'approve' | 'reject', comment: string | undefined): Promise<void>
  close(): Promise<void>
}

type Found = { apiUrl: string; tlsCa?: string | undefined; insecure: boolean; page: string; here: string; key: string }

const Answered = z.object({ state: z.string() })

const tries = 4

/**
 * Finds the server: the one that is named, else the one that serves the folder we are in or one around it. Throws
 * ProgramFailed where nothing is served here, `config-invalid` where there is no key, and `offline`. The signal ends what is
 * being asked, now and later.
 */
export async function openTaskServer(
  { settings, machine, signal }: { settings: Settings; machine: Machine; signal?: AbortSignal },
  cwd: string = process.cwd(),
): Promise<TaskServer> {
  const { page, here, key, ...to } =
    settings.server === undefined ? await served(settings, machine, cwd) : named(settings, machine)
  const reach = await openReach({ server: to.apiUrl, tlsCa: to.tlsCa, insecure: to.insecure })
  const http = createHttp(reach)
  const common: RequestInit = signal ? { signal } : {}
  try {
    const { workspaces } = WorkspaceList.parse(await (await http.call('/api/v1/workspaces', key, common)).json())
    const [workspace] = workspaces
    if (!workspace)
      throw new TandemError('not-found', { reason: `there is no workspace of this key at ${reach.origin}` })
    const call: TaskServer['call'] = (route, init) =>
      http.call(`/api/v1/workspaces/${workspace.id}/tasks${route}`, key, { ...common, ...init })
    return {
      page,
      here,
      call,
      post: (route, body, key) =>
        persistently(async () => {
          const headers = {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(key !== undefined && { 'idempotency-key': key }),
          }
          const init = { method: 'POST', headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
          return (await call(route, init)).json() as Promise<unknown>
        }),
      decide: async (approval, answer, comment) => {
        const route = `/api/v1/workspaces/${workspace.id}/approvals/${approval}`
        const headers = { 'content-type': 'application/json' }
        const init = { ...common, method: 'POST', headers, body: JSON.stringify({ comment }) }
        const said = answer === 'approve' ? 'approved' : 'rejected'
        await persistently(async (n) => {
          try {
            await http.call(`${route}/${answer}`, key, init)
          } catch (e) {
            // Of an earlier try only the server's word may have been lost.
            if (n === 1 || !isTandemError(e, 'conflict')) throw e
            const { state } = Answered.parse(await (await http.call(route, key, common)).json())
            if (state !== said) throw e
          }
        })
      },
      close: reach.close,
    }
  } catch (e) {
    await reach.close()
    throw e
  }
}

/** Whether the same may work in a while. */
export const mayPass = (e: unknown): boolean =>
  isTandemError(e) && ['offline', 'going-away', 'store-failed', 'rate-limited'].includes(e.code)

/** Does it again, a few times, while the server does not answer; `n` counts from 1. */
export async function persistently<T>(work: (n: number) => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await work(n)
    } catch (e) {
      if (n === tries || !isTandemError(e) || !['offline', 'going-away'].includes(e.code)) throw e
      await wait(systemClock, backoffMs(n, { baseMs: 200 }))
    }
  }
}

function named({ server = '', token, tlsCa, insecure }: Settings, machine: Machine): Found {
  const origin = URL.parse(server.replace(/^ws/, 'http'))?.origin ?? server
  return { apiUrl: server, tlsCa, insecure, page: origin, here: '', key: requireKey(origin, token, machine) }
}

/** The key that was given, else the one that a sign-in left here. */
function requireKey(origin: string, token: string | undefined, machine: Machine): string {
  const key = token ?? openCredentials(machine).find(origin)?.key
  if (key !== undefined) return key
  const reason = `there is no key of ${origin} on this machine: sign in with \`login\`, or set TANDEM_TOKEN`
  throw new TandemError('config-invalid', { reason })
}

async function served(settings: Settings, machine: Machine, cwd: string): Promise<Found> {
  const start = realpathSync(cwd)
  const found = settings.data === undefined ? servedAround(start, machine) : servedWith(resolve(settings.data))
  if (!found) throw notServed(settings.data)
  const { running, dataDir } = found
  const { apiUrl, url, folder } = running
  if (apiUrl === undefined) throw new TandemError('offline', { reason: `${folder} is just being started: try again` })
  const { origin } = new URL(apiUrl)
  // A daemon alone has no key of its own to the folder's server but the one it was given.
  const key = url === undefined ? requireKey(origin, settings.token, machine) : await ownerKey(dataDir)
  const here = relative(folder, start).split(sep)
  const isInside = here[0] !== '..'
  const page = new URL(url ?? apiUrl).origin
  // What listens there, and how, its owner said at its start.
  return { apiUrl, tlsCa: running.tlsCa, insecure: true, page, here: isInside ? here.join('/') : '', key }
}

const notServed = (data: string | undefined) =>
  new ProgramFailed({
    t: 'failed',
    code: 'not-found',
    message: data === undefined ? 'no folder is served here' : `nothing is served with its data in ${data}`,
    hint:
      data === undefined
        ? 'Go into one that is, name its data folder with --data or TANDEM_DATA if it was started so, or name the server with --server.'
        : 'Give --data (or TANDEM_DATA) as it was given at its start.',
  })

type Place = { running: Running; dataDir: string }

const servedWith = (dataDir: string): Place | undefined => {
  const running = findRunning(dataDir)
  return running && { running, dataDir: running.dataDir }
}

/** The nearest folder, from this one upwards, that is served. */
function servedAround(start: string, machine: Machine): Place | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const found = servedWith(ownDataDirOf(folder, machine))
    if (found || folder === dirname(folder)) return found
  }
}
