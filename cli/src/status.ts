import { Health, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import { checkFolder, dataDirOf, ownerKey } from './folder.ts'
import { findRunning } from './running.ts'
import type { Say } from './say.ts'

type StatusOptions = { folder: string; settings: Settings; machine: Machine; say: Say }

/** `tandem status`: whether the folder is served, where, and how it fares. The exit code is 0 only where it is ready. */
export async function status({ folder: given, settings, machine, say }: StatusOptions): Promise<number> {
  const folder = checkFolder(given)
  const running = findRunning(dataDirOf(folder, settings.data, machine))
  const health = running?.url === undefined ? undefined : await askHealth(running.url)
  const ready = health?.ready === true
  if (settings.json)
    say.out(
      JSON.stringify({
        folder,
        running: running !== undefined,
        ready,
        reasons: health?.reasons ?? [],
        pid: running?.pid,
        url: running?.url,
      }),
    )
  else if (!running) say.out(`${folder} is not served. Start with: npm start -- ${given}`)
  else if (!health) say.out(`${folder} is being started by process ${running.pid}.`)
  else
    say.out(
      `${folder} is served at ${running.url} (process ${running.pid})${ready ? '' : `, but not ready: ${health.reasons.join(', ')}`}.`,
    )
  return ready ? 0 : 1
}

/** `tandem token`: the owner's API key of a folder, for scripts. Made where there is none yet. */
export async function token({ folder: given, settings, machine, say }: StatusOptions): Promise<void> {
  say.out(await ownerKey(dataDirOf(checkFolder(given), settings.data, machine)))
}

async function askHealth(url: string): Promise<Health | undefined> {
  try {
    const answer = await fetch(new URL('/api/health', url), { signal: AbortSignal.timeout(3_000) })
    return Health.parse(await answer.json())
  } catch {
    return undefined // not up yet, or on its way down
  }
}
