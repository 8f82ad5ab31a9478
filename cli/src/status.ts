import { createHttp } from '@tandem/daemon/http'
import { openReach } from '@tandem/daemon/reach'
import { DaemonList, Health, plainText, WorkspaceList, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import { checkFolder, dataDirOf, ownerKey } from './folder.ts'
import { findRunning, type Running } from './running.ts'
import type { Say } from './say.ts'

type StatusOptions = { folder: string; settings: Settings; machine: Machine; say: Say }

/**
 * `tandem status`: whether the folder is served, where, how it fares, and which daemons have the workspace. The exit
 * code is 0 only where it is ready.
 */
export async function status({ folder: given, settings, machine, say }: StatusOptions): Promise<number> {
  const folder = checkFolder(given)
  const dataDir = dataDirOf(folder, settings.data, machine)
  const running = findRunning(dataDir)
  const found = running?.apiUrl === undefined ? undefined : await ask(running, () => ownerKey(dataDir))
  const ready = found?.health.ready === true
  if (settings.json)
    say.out(
      JSON.stringify({
        folder,
        running: running !== undefined,
        ready,
        reasons: found?.health.reasons ?? [],
        pid: running?.pid,
        url: running?.url,
        daemons: found?.daemons ?? [],
      }),
    )
  else if (!running) say.out(`${folder} is not served. Start with: npm start -- ${given}`)
  else if (!found) say.out(`${folder} is being started by process ${running.pid}.`)
  else {
    const why = ready ? '' : `, but not ready: ${found.health.reasons.join(', ')}`
    say.out(`${folder} is served at ${running.url} (process ${running.pid})${why}.`)
    for (const daemon of found.daemons) say.out(daemonLine(daemon))
    if (found.daemons.length === 0) say.out('No daemon serves its workspace.')
  }
  return ready ? 0 : 1
}

const daemonLine = ({ name, shared, since, connected }: DaemonList['daemons'][number]): string => {
  const mode = shared ? 'beside others that share it' : 'alone'
  const link = connected ? '' : ', not connected now'
  return `Its workspace is served by ${plainText(name)}, ${mode}, since ${new Date(since).toLocaleString()}${link}.`
}

/** `tandem token`: the owner's API key of a folder, for scripts. Made where there is none yet. */
export async function token({ folder: given, settings, machine, say }: StatusOptions): Promise<void> {
  say.out(await ownerKey(dataDirOf(checkFolder(given), settings.data, machine)))
}

/** How the server fares and who serves its workspace; undefined where it is not up yet, or on its way down. */
async function ask(
  { apiUrl = '', tlsCa }: Running,
  key: () => Promise<string>,
): Promise<{ health: Health; daemons: DaemonList['daemons'] } | undefined> {
  // What listens there, and how, its owner said at its start.
  const reach = await openReach({ server: apiUrl, tlsCa, insecure: true })
  try {
    const init = { signal: AbortSignal.timeout(3_000) }
    const health = Health.parse(await (await reach.fetch('/api/health', init)).json())
    if (!health.ready) return { health, daemons: [] }
    const { call } = createHttp(reach)
    const get = async (route: string) => (await call(route, await key(), init)).json()
    const [workspace] = WorkspaceList.parse(await get('/api/v1/workspaces')).workspaces
    const { daemons } = DaemonList.parse(await get(`/api/v1/workspaces/${workspace?.id}/daemons`))
    return { health, daemons }
  } catch {
    return undefined
  } finally {
    await reach.close()
  }
}
