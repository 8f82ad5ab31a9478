import { createHttp } from '@tandem/daemon/http'
import { openReach } from '@tandem/daemon/reach'
import { DaemonList, Health, plainText, WorkspaceList, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import { openCredentials } from './credentials.ts'
import { checkFolder, ownerKey } from './folder.ts'
import { mirrorLines, mirrorStatusIn } from './mirror-findings.ts'
import { dataDirInUse, findRunning, lockedBy, type Running } from './running.ts'
import type { Say } from './say.ts'

type StatusOptions = { folder: string; settings: Settings; machine: Machine; say: Say }

/**
 * `tandem status`: whether the folder is served, where, how it fares, which daemons have the workspace, and how this
 * folder's mirror stands. The exit code is 0 only where it is ready.
 */
export async function status({ folder: given, settings, machine, say }: StatusOptions): Promise<number> {
  const folder = checkFolder(given)
  const dataDir = dataDirInUse(folder, settings.data, machine)
  const running = findRunning(dataDir)
  const served = running?.pid ?? lockedBy(folder)
  // A daemon alone has no key of its own to the folder's server but the one it was given.
  const key = async (origin: string) =>
    running?.url === undefined
      ? (settings.token ?? openCredentials(machine).find(origin)?.key)
      : await ownerKey(dataDir)
  const found = running?.apiUrl === undefined ? undefined : await ask(running, key)
  const noted = mirrorStatusIn(dataDir)
  // Of an earlier life it tells nothing of this one.
  const mirror = running && noted && noted.at >= running.startedAt ? noted : undefined
  const ready = found?.health.ready === true
  if (settings.json)
    say.out(
      JSON.stringify({
        folder,
        running: served !== undefined,
        ready,
        reasons: found?.health.reasons ?? [],
        pid: served,
        url: running?.url,
        daemons: found?.daemons,
        mirror,
      }),
    )
  else if (!running)
    say.out(
      served === undefined
        ? `${folder} is not served. Start with: npm start -- ${given}`
        : `${folder} is served by process ${served}, with its data in another place: name it as it was named at its start, with --data DIR or TANDEM_DATA.`,
    )
  else if (!found)
    say.out(
      running.url === undefined && running.apiUrl !== undefined
        ? `${folder} is shared by process ${running.pid} with ${running.apiUrl}, which does not answer.`
        : `${folder} is being started by process ${running.pid}.`,
    )
  else {
    const why = ready ? '' : `, but not ready: ${found.health.reasons.join(', ')}`
    const how = running.url === undefined ? `shared with ${running.apiUrl}` : `served at ${running.url}`
    say.out(`${folder} is ${how} (process ${running.pid})${why}.`)
    for (const daemon of found.daemons ?? []) say.out(daemonLine(daemon))
    if (found.daemons?.length === 0) say.out('No daemon serves its workspace.')
  }
  if (!settings.json && mirror) for (const line of mirrorLines(mirror)) say.out(line)
  return ready ? 0 : 1
}

const daemonLine = ({ name, shared, since, connected }: DaemonList['daemons'][number]): string => {
  const mode = shared ? 'beside others that share it' : 'alone'
  const link = connected ? '' : ', not connected now'
  return `Its workspace is served by ${plainText(name)}, ${mode}, since ${new Date(since).toLocaleString()}${link}.`
}

/** `tandem token`: the owner's API key of a folder, for scripts. Made where there is none yet. */
export async function token({ folder: given, settings, machine, say }: StatusOptions): Promise<void> {
  say.out(await ownerKey(dataDirInUse(checkFolder(given), settings.data, machine)))
}

type Found = { health: Health; daemons: DaemonList['daemons'] | undefined }

/**
 * How the server fares, undefined where it is not up yet, or on its way down; and who serves its workspace, undefined
 * where it does not say so to us.
 */
async function ask(
  { apiUrl = '', tlsCa }: Running,
  key: (origin: string) => Promise<string | undefined>,
): Promise<Found | undefined> {
  // What listens there, and how, its owner said at its start.
  const reach = await openReach({ server: apiUrl, tlsCa, insecure: true })
  const { call } = createHttp(reach)
  const init = { signal: AbortSignal.timeout(3_000) }
  const listDaemons = async () => {
    const bearer = await key(reach.origin)
    const get = async (route: string) => (await call(route, bearer, init)).json()
    const [workspace] = WorkspaceList.parse(await get('/api/v1/workspaces')).workspaces
    return DaemonList.parse(await get(`/api/v1/workspaces/${workspace?.id}/daemons`)).daemons
  }
  try {
    const health = Health.parse(await (await reach.fetch('/api/health', init)).json())
    return { health, daemons: await listDaemons().catch(() => undefined) }
  } catch {
    return undefined
  } finally {
    await reach.close()
  }
}
