import { hostname } from 'node:os'
import { createHttp, type Http } from '@tandem/daemon/http'
import { openReach, originOf } from '@tandem/daemon/reach'
import {
  isTandemError,
  messageOf,
  Pairing,
  PairingOutcome,
  plainText,
  systemClock,
  TandemError,
  wait,
  type Clock,
  type ErrorCode,
  type Settings,
} from '@tandem/shared'
import openWithSystem from 'open'
import type { z } from 'zod'
import type { Machine } from './config.ts'
import { openCredentials } from './credentials.ts'
import { hasScreen } from './reach.ts'
import type { Say } from './say.ts'

type LoginOptions = {
  settings: Settings
  machine: Machine
  say: Say
  clock?: Clock
  open?: (address: string) => Promise<unknown>
}

/**
 * `tandem login --server URL`: shows a short code, waits until a person has confirmed it in the page, and keeps the key
 * that comes of it. Returns the exit code. Throws `offline`, `unauthorized` for a code that was refused or grew too old,
 * `not-found` for a server that knows none of this, and what `openReach` throws.
 */
export async function login(
  { settings, machine, say, clock = systemClock, open = openWithSystem }: LoginOptions,
  signal: AbortSignal,
): Promise<number> {
  const { server, tlsCa, insecure } = settings
  if (server === undefined) throw new TandemError('config-invalid', { reason: 'say which server, with --server URL' })
  const credentials = openCredentials(machine)
  credentials.origins() // A file that cannot be read is told before anybody is asked to confirm anything.
  const reach = await openReach({ server, tlsCa, insecure })
  const { origin } = reach
  const http = createHttp(reach)
  try {
    const pairing = await begin({ http, origin }, settings.name ?? hostname().slice(0, 80), signal)
    const page = plainText(pairing.verificationUriComplete)
    say.err(
      `To let this machine in, open this page and confirm the code ${plainText(pairing.userCode)}:\n\n  ${page}\n`,
    )
    // The page is named by the server; a program on this machine is nothing that it may name.
    const isPage = /^https?:$/.test(URL.parse(page)?.protocol ?? '')
    if (isPage && settings.open && machine.isTTY && hasScreen(machine)) await open(page).catch(() => {}) // told above

    const { key, workspaceId, name } = await decision(http, pairing, clock, signal)
    credentials.set(origin, { key, workspaceId, name, at: clock.now() })
    const next = `npm run tandem -- daemon FOLDER --server ${origin}`
    say.out(
      settings.json
        ? JSON.stringify({ server: origin, workspaceId, name, file: credentials.file })
        : `Signed in to “${plainText(name)}” at ${origin}. To share a folder with it, type:\n\n  ${next}\n`,
    )
    return 0
  } catch (e) {
    if (!signal.aborted) throw e
    say.err('Not signed in.')
    return 1
  } finally {
    await reach.close()
  }
}

/** `tandem logout`: forgets the key of a server, and has the server withdraw it too where that answers. */
export async function logout({ settings, machine, say }: LoginOptions): Promise<void> {
  const credentials = openCredentials(machine)
  const origins = credentials.origins()
  const server = settings.server ?? (origins.length === 1 ? origins[0] : undefined)
  if (server === undefined) {
    if (origins.length > 1)
      throw new TandemError('config-invalid', { reason: `say of which server, with --server: ${origins.join(', ')}` })
    throw new TandemError('not-found', { reason: 'there is no key of a server on this machine' })
  }
  const origin = originOf({ server, insecure: true })
  const known = credentials.find(origin)
  if (!known) throw new TandemError('not-found', { reason: `there is no key of ${origin} on this machine` })
  credentials.remove(origin)
  const trouble = await withdraw(known.key, { ...settings, server })
  say.out(
    trouble === undefined
      ? `Signed out of ${origin}.`
      : `The key of ${origin} is gone from this machine, but still good (${plainText(trouble)}). Remove it in the page, under Share, Keys.`,
  )
}

/** Undefined, or why the server could not be told. */
async function withdraw(
  key: string,
  { server, tlsCa, insecure }: Settings & { server: string },
): Promise<string | undefined> {
  try {
    const reach = await openReach({ server, tlsCa, insecure })
    try {
      const init = { method: 'DELETE', signal: AbortSignal.timeout(5_000) }
      await createHttp(reach).call('/api/v1/session', key, init)
    } finally {
      await reach.close()
    }
    return undefined
  } catch (e) {
    // Somebody was faster, in the page.
    return isTandemError(e, 'unauthorized') ? undefined : messageOf(e)
  }
}

type Asked = { http: Http; origin: string }

async function begin({ http, origin }: Asked, name: string, signal: AbortSignal): Promise<Pairing> {
  try {
    return await post(http, '/api/v1/pairings', { name }, Pairing, signal)
  } catch (e) {
    if (!isTandemError(e, 'not-found')) throw e
    const reason = `${origin} knows no sign-in by code: it is an older server of Tandem, or none`
    throw new TandemError('not-found', { reason }, e)
  }
}

/** Asks, no more often than the server wants, until a person has decided or the code is too old. */
async function decision(
  http: Http,
  { deviceCode, intervalMs }: Pairing,
  clock: Clock,
  signal: AbortSignal,
): Promise<Extract<PairingOutcome, { state: 'approved' }>> {
  let pauseMs = intervalMs
  for (;;) {
    await wait(clock, pauseMs, signal)
    const got = await post(http, '/api/v1/pairings/token', { deviceCode }, PairingOutcome, signal).catch(
      (e: unknown) => {
        // A server that starts anew has forgotten the code, and says so then; one that is busy wants to be asked less.
        if (!['offline', 'rate-limited', 'going-away'].some((code) => isTandemError(e, code as ErrorCode))) throw e
        pauseMs = Math.min(pauseMs + intervalMs, 30_000)
        return undefined
      },
    )
    if (got?.state === 'approved') return got
    if (got?.state === 'denied') throw new TandemError('unauthorized', { reason: 'the code was refused in the page' })
    if (got?.state === 'expired')
      throw new TandemError('unauthorized', { reason: 'the code was not confirmed in time' })
    if (got) pauseMs = got.intervalMs
  }
}

async function post<S extends z.ZodType>(
  http: Http,
  route: string,
  body: unknown,
  schema: S,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  const answer = await http.call(route, undefined, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  })
  const said = schema.safeParse(await answer.json().catch(() => undefined))
  if (said.success) return said.data
  throw new TandemError('not-found', { reason: 'the answer is none of Tandem' }, said.error)
}
