import { messageOf, type Clock } from '@tandem/shared'
import { Agent, fetch, type Response } from 'undici'
import { withoutQuery, type EgressEntry, type KeepEntry } from './entry.ts'
import { AddressRefused, createGuard, type Reach, type RefusalCode, type Resolve } from './guard.ts'

export type FetchRequest = {
  readonly url: string
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

export type FetchAnswer = {
  readonly status: number
  readonly statusText: string
  /** Where it came from in the end. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** There was more of it [S231]. */
  readonly truncated: boolean
}

/** Why nothing came of it, by the founding codes [S232]. */
export type FetchProblem = { readonly code: RefusalCode | 'FETCH_FAILED'; readonly message: string }
export type Fetched = { readonly answer: FetchAnswer } | { readonly problem: FetchProblem }

/** Fetches for one session of code, within what its owner allows [S226]. */
export type Fetcher = {
  /** Never rejects: a refusal, and a failure, is a `problem`. */
  fetch(request: FetchRequest, signal?: AbortSignal): Promise<Fetched>
  get(url: string, signal?: AbortSignal): Promise<Fetched>
  head(url: string, signal?: AbortSignal): Promise<Fetched>
  /** What was asked for, the newest last, a thousand at most [S229] [S230]. */
  getLog(): readonly EgressEntry[]
  clearLog(): void
  getConfig(): Pick<Reach, 'allow' | 'methods'> & { readonly maxBytes: number; readonly timeoutMs: number }
  close(): Promise<void>
}

type FetchOptions = {
  readonly reach: Reach
  readonly clock: Clock
  /** Hears of each request, as this fetcher's own log does. */
  readonly record: KeepEntry
  readonly resolve?: Resolve
}

/** Of an answer's body so much is kept [S231]. */
const maxBytes = 2 ** 20
/** For a whole request, with its redirects and its body. */
const timeoutMs = 30_000
const connectMs = 10_000
const maxRedirects = 10
const maxKept = 1_000
/** Where a request goes, and where it ends, is not for code to say. */
const ownHeaders = 'host connection content-length transfer-encoding keep-alive upgrade te trailer expect'.split(' ')
/** What is for one host is not shown to the next. */
const secretHeaders = ['authorization', 'cookie', 'proxy-authorization']

/** Makes a fetcher that asks the guard before each request and each redirect, and connects by it alone. */
export function createFetch({ reach, clock, record, resolve }: FetchOptions): Fetcher {
  const guard = createGuard(reach, resolve)
  const agent = new Agent({
    // A socket does not look up what is no name: that was judged with its URL.
    connect: { lookup: guard.lookup, timeout: connectMs },
    allowH2: false,
    keepAliveTimeout: 1_000,
    maxHeaderSize: 32_768,
  })
  let log: EgressEntry[] = []

  const follow = async (request: FetchRequest, signal: AbortSignal): Promise<Fetched> => {
    let url = URL.parse(request.url)
    let { body, method = 'GET' } = request
    method = method.toUpperCase()
    const headers = new Headers({ 'user-agent': 'Tandem', ...request.headers })
    for (const name of ownHeaders) headers.delete(name)
    for (let redirects = 0; ; redirects++) {
      if (!url) return problem('URL_NOT_ALLOWED', 'this is no URL')
      const refusal = guard.refusal(method, url)
      if (refusal) return problem(refusal.code, `${redirects ? 'it was redirected: ' : ''}${refusal.reason}`)
      const init = { method, headers: [...headers], ...(body !== undefined && { body }), signal }
      const response = await fetch(url, { ...init, redirect: 'manual', dispatcher: agent })
      const location = isRedirect(response.status) ? response.headers.get('location') : null
      if (location === null) return { answer: await read(response, url) }
      await response.body?.cancel()
      if (redirects === maxRedirects)
        return problem('FETCH_FAILED', `it was redirected more than ${maxRedirects} times`)
      const next = URL.parse(location, url.href)
      if (next?.origin !== url.origin) for (const name of secretHeaders) headers.delete(name)
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        if (method !== 'HEAD') method = 'GET'
        body = undefined
        for (const name of ['content-type', 'content-length']) headers.delete(name)
      }
      url = next
    }
  }

  const attempt = async (request: FetchRequest, signal?: AbortSignal): Promise<Fetched> => {
    const late = new AbortController()
    const cancel = clock.after(timeoutMs, () => late.abort(new Error(`it took longer than ${timeoutMs / 1000} s`)))
    try {
      return await follow(request, signal ? AbortSignal.any([late.signal, signal]) : late.signal)
    } catch (e) {
      const refused = causes(e).find((cause) => cause instanceof AddressRefused)
      if (refused) return problem('URL_NOT_ALLOWED', refused.message)
      return problem('FETCH_FAILED', messageOf(causes(e).at(-1) ?? e))
    } finally {
      cancel()
    }
  }

  const logged = async (request: FetchRequest, signal?: AbortSignal): Promise<Fetched> => {
    const at = clock.now()
    const fetched = await attempt(request, signal)
    const url = URL.parse(request.url)
    const came = 'answer' in fetched ? fetched.answer : undefined
    const entry: EgressEntry = {
      at,
      method: (request.method ?? 'GET').toUpperCase().slice(0, 20),
      url: url ? withoutQuery(url) : request.url.slice(0, 300),
      durationMs: clock.now() - at,
      sentBytes: Buffer.byteLength(request.body ?? ''),
      receivedBytes: came?.body.length ?? 0,
      ...(came && { status: came.status }),
      ...('problem' in fetched && { code: fetched.problem.code, reason: fetched.problem.message }),
    }
    log = [...log.slice(1 - maxKept), entry]
    record(entry)
    return fetched
  }

  return {
    fetch: logged,
    get: (url, signal) => logged({ url }, signal),
    head: (url, signal) => logged({ url, method: 'HEAD' }, signal),
    getLog: () => log,
    clearLog: () => void (log = []),
    getConfig: () => ({ allow: reach.allow, methods: reach.methods, maxBytes, timeoutMs }),
    close: () => agent.destroy(),
  }
}

async function read(response: Response, url: URL): Promise<FetchAnswer> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop ends the answer, however much of it is still to come.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
    if (size > maxBytes) break
  }
  return {
    status: response.status,
    statusText: response.statusText,
    url: url.href,
    headers: Object.fromEntries(response.headers),
    body: Buffer.concat(chunks).subarray(0, maxBytes),
    truncated: size > maxBytes,
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

const problem = (code: FetchProblem['code'], message: string): Fetched => ({ problem: { code, message } })

/** An error with what it came of, the first cause last. */
function causes(e: unknown): Error[] {
  const all: Error[] = []
  for (let at = e; at instanceof Error && all.length < 10; at = at.cause) all.push(at)
  return all
}
