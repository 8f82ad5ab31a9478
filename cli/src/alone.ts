import { resolve } from 'node:path'
import { readPolicy } from '@tandem/daemon/policy'
import { originOf } from '@tandem/daemon/reach'
import { messageOf, TandemError, type Settings } from '@tandem/shared'
import { runChild } from './child.ts'
import { codeCache } from './code-cache.ts'
import { environmentOf, type Machine } from './config.ts'
import { checkFolder, checkSpace, dataDirOf, ownerKey } from './folder.ts'
import { clientDir, daemonFile, FromDaemonProgram, FromServer, serverFile } from './programs.ts'
import { openCredentials } from './credentials.ts'
import { pageUrl } from './open-page.ts'
import { progressLine } from './progress.ts'
import { noteRunning, ownDirBeside } from './running.ts'
import type { Say } from './say.ts'
import { ProgramFailed } from './supervise.ts'

type AloneOptions = { settings: Settings; machine: Machine; say: Say; force: AbortSignal }

/** `tandem server`: the server alone, for daemons on other machines. Whoever runs it starts it again. */
export async function serverAlone({ settings, machine, say, force }: AloneOptions, signal: AbortSignal): Promise<void> {
  const dataDir = dataDirOf('server', settings.data, machine)
  checkSpace([dataDir])
  const token = await ownerKey(dataDir)
  await run(
    {
      name: 'server',
      file: serverFile,
      env: () => ({
        ...codeCache(undefined, machine),
        ...machine.env,
        ...environmentOf({ ...settings, data: dataDir }),
        TANDEM_OWNER_KEY: token,
        TANDEM_NAME: settings.name ?? 'workspace',
        TANDEM_CLIENT_DIR: clientDir(machine),
      }),
      onMessage: (message) => {
        const ready = FromServer.safeParse(message).data
        if (!ready) return
        const { publicUrl, workspaceId } = ready
        const page = pageUrl(publicUrl, token)
        say.out(
          settings.json
            ? JSON.stringify({ url: page, apiUrl: publicUrl, token, workspaceId, dataDir, pid: process.pid })
            : `Tandem's server is at ${page}`,
        )
      },
      onLine: say.err,
    },
    { stop: signal, force },
  )
}

/**
 * `tandem daemon --server URL`: the daemon alone, joining a server elsewhere, with the key that `tandem login` got or
 * that TANDEM_TOKEN holds.
 */
export async function daemonAlone(
  { settings, machine, say, force }: AloneOptions,
  given: string,
  signal: AbortSignal,
): Promise<void> {
  const { server, insecure, tlsCa } = settings
  if (server === undefined) throw new TandemError('config-invalid', { reason: 'say which server, with --server URL' })
  const origin = originOf({ server, insecure })
  const token = settings.token ?? openCredentials(machine).find(origin)?.key
  if (token === undefined) {
    const login = `npm run tandem -- login --server ${origin}`
    throw new TandemError('unauthorized', { reason: `there is no key for ${origin} on this machine: type ${login}` })
  }
  const folder = checkFolder(given)
  const dataDir = dataDirOf(folder, settings.data, machine)
  checkSpace([folder, dataDir])
  readPolicy({ environment: machine.env, workspace: folder })
  let isReady = false
  let forget = () => {}
  const note = () => {
    try {
      const trusted = tlsCa === undefined ? {} : { tlsCa: resolve(tlsCa) }
      const running = { pid: process.pid, folder, startedAt: Date.now(), apiUrl: origin, ...trusted }
      forget = noteRunning(dataDir, running, ownDirBeside(folder, settings.data, machine))
    } catch (e) {
      // Only the status command misses it.
      say.err(`That the folder is shared could not be noted in ${dataDir}: ${messageOf(e)}.`)
    }
  }
  await run(
    {
      name: 'daemon',
      file: daemonFile,
      env: () => ({
        ...codeCache(folder, machine),
        ...machine.env,
        ...environmentOf({ ...settings, token, data: dataDir }),
        TANDEM_FOLDER: folder,
      }),
      onMessage: (message) => {
        const told = FromDaemonProgram.safeParse(message).data
        // Not before: another that has the folder keeps its note.
        if (told?.t === 'connected') note()
        if (told?.t === 'progress' && !isReady && !settings.json) say.progress((columns) => progressLine(told, columns))
        if (told?.t === 'ready') {
          isReady = true
          say.out(settings.json ? JSON.stringify({ folder, dataDir, pid: process.pid }) : `Tandem shares ${folder}`)
        }
      },
      onLine: say.err,
    },
    { stop: signal, force },
  ).finally(() => {
    say.progress()
    forget()
  })
}

async function run(...args: Parameters<typeof runChild>): Promise<void> {
  const { code, signal, failure } = await runChild(...args)
  if (failure) throw new ProgramFailed(failure)
  if (args[1].stop.aborted || code === 0) return
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
  throw new ProgramFailed({
    t: 'failed',
    code: 'internal',
    message: `the ${args[0].name} ${how}; its log above tells why`,
  })
}
