import { resolve } from 'node:path'
import { readPolicy } from '@tandem/daemon/policy'
import { messageOf, plainText, systemClock, type Clock, type Ready, type Settings } from '@tandem/shared'
import { codeCache } from './code-cache.ts'
import { environmentBeside, environmentOf, type Machine } from './config.ts'
import { checkFolder, checkSpace, dataDirOf, nameOf, ownerKey } from './folder.ts'
import { forPeople, openLogFile } from './log-file.ts'
import { openPage, pageUrl } from './open-page.ts'
import { clientDir, daemonFile, FromDaemonProgram, FromServer, serverFile } from './programs.ts'
import { progressLine } from './progress.ts'
import { hasScreen, sshLine } from './reach.ts'
import { checkNotServed, noteRunning, ownDirBeside } from './running.ts'
import type { Say } from './say.ts'
import { supervise, type Supervised } from './supervise.ts'

export type UpOptions = {
  folder: string
  settings: Settings
  machine: Machine
  say: Say
  clock?: Clock
  /** The first abort ends everything cleanly, this one at once. */
  force: AbortSignal
}

/**
 * Serves a folder until the signal aborts: a server and a daemon, watched over. Settles when both are gone. Throws
 * before anything is started where the folder cannot be served, and ProgramFailed where one of them cannot work.
 */
export async function up(
  { folder: given, settings, machine, say, clock = systemClock, force }: UpOptions,
  signal: AbortSignal,
): Promise<void> {
  const folder = checkFolder(given)
  const dataDir = dataDirOf(folder, settings.data, machine)
  checkSpace([folder, dataDir])
  await checkNotServed(folder, dataDir)
  readPolicy({ environment: machine.env, workspace: folder }) // said now, not by a daemon that gives up
  const token = await ownerKey(dataDir)
  const note = { pid: process.pid, folder, startedAt: clock.now() }
  const ownDir = ownDirBeside(folder, settings.data, machine)
  let forget = noteRunning(dataDir, note, ownDir)

  // The daemon ends first, so that it can still say its last words to the server.
  const [stopDaemon, stopServer] = [new AbortController(), new AbortController()]
  const ours = { ...settings, data: dataDir }
  // The server's own certificate, whatever name is in it: from this machine it is reached by its port.
  const trusted = settings.tlsCert === undefined ? {} : { tlsCa: resolve(settings.tlsCert) }
  const common = { ...codeCache(folder, machine), ...machine.env, ...environmentOf(ours) }
  const settled = Promise.withResolvers<void>()
  let server: FromServer | undefined
  let daemon: Supervised | undefined
  let isReady = false

  const onServerReady = (ready: FromServer) => {
    server = ready
    serverProgram.works()
    try {
      const url = pageUrl(ready.publicUrl, token)
      forget = noteRunning(dataDir, { ...note, url, apiUrl: ready.url, ...trusted }, ownDir)
    } catch (e) {
      // `tandem status` then knows no address; what is served is served all the same.
      say.err(`The address could not be noted in ${dataDir}: ${messageOf(e)}.`)
    }
    if (daemon) return
    announce(ready)
    daemon = supervise(
      {
        name: 'daemon',
        file: daemonFile,
        env: () => ({
          ...common,
          ...environmentBeside(ours),
          TANDEM_SERVER: server?.url ?? ready.url,
          ...(trusted.tlsCa !== undefined && { TANDEM_TLS_CA: trusted.tlsCa }),
          TANDEM_TOKEN: token,
          TANDEM_FOLDER: folder,
        }),
        onMessage: (message) => {
          const told = FromDaemonProgram.safeParse(message).data
          if (told?.t === 'connected') daemon?.works()
          if (told?.t === 'progress' && !isReady && !settings.json)
            say.progress((columns) => progressLine(told, columns))
          if (told?.t === 'ready' && !isReady) onMirrored()
        },
        onLine: lines('daemon'),
      },
      { say, clock, stop: stopDaemon.signal, force },
    )
    daemon.ended.catch(settled.reject)
  }
  const onMirrored = () => {
    isReady = true
    if (!server) return
    const { publicUrl, workspaceId } = server
    const ready: Ready = {
      url: pageUrl(publicUrl, token),
      apiUrl: publicUrl,
      token,
      workspaceId,
      folder,
      dataDir,
      pid: process.pid,
    }
    say.out(settings.json ? JSON.stringify(ready) : 'Everything is in place. Ctrl-C ends it.')
  }
  const announce = ({ url, publicUrl, port }: FromServer) => {
    const page = pageUrl(publicUrl, token)
    if (settings.json) return
    const ssh = sshLine(machine, port)
    say.out(
      [
        `Tandem serves ${folder}`,
        '',
        `  ${page}`,
        ...(ssh ? ['', `From the machine in front of you:  ${ssh}`] : []),
        '',
      ].join('\n'),
    )
    if (settings.open && machine.isTTY && hasScreen(machine)) {
      void openBrowser(url, publicUrl)
    }
  }
  const openBrowser = async (server: string, publicUrl: string) => {
    const trouble = await openPage({ to: { server, ...trusted, insecure: settings.insecure }, publicUrl, token })
    if (trouble !== undefined) say.err(`No browser could be opened (${plainText(trouble)}); open the address above.`)
  }
  const lines = (name: string) => {
    const file = openLogFile(dataDir, name, say.err)
    return (line: string) => {
      file.append(line)
      const words = settings.logLevel === 'debug' ? plainText(line) : forPeople(name, line)
      if (words !== undefined) say.err(words)
    }
  }

  const serverProgram = supervise(
    {
      name: 'server',
      file: serverFile,
      // Started again it must keep its port, or no page would find it.
      env: () => ({
        ...common,
        ...(server ? { TANDEM_PORT: String(server.port) } : {}),
        TANDEM_OWNER_KEY: token,
        TANDEM_NAME: settings.name ?? nameOf(folder),
        TANDEM_CLIENT_DIR: clientDir(machine),
      }),
      onMessage: (message) => {
        const ready = FromServer.safeParse(message).data
        if (ready) onServerReady(ready)
      },
      onLine: lines('server'),
    },
    { say, clock, stop: stopServer.signal, force },
  )
  serverProgram.ended.catch(settled.reject)
  signal.addEventListener('abort', () => settled.resolve(), { once: true })
  if (signal.aborted) settled.resolve()

  try {
    await settled.promise
  } finally {
    say.progress()
    stopDaemon.abort()
    await daemon?.ended.catch(() => {}) // told by `settled`
    stopServer.abort()
    await serverProgram.ended.catch(() => {}) // told by `settled`
    forget()
  }
}
