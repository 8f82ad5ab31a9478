import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openLine } from '@tandem/e2e'
import { createApiKey } from '@tandem/server'

/** A server and a daemon in processes of their own, with a line between them that can be cut. */
export type Apart = {
  /** REST under `/api/v1/workspaces/<id>`, past the line. */
  api(route: string, init?: RequestInit): Promise<Response>
  /** Starts the daemon; resolves when folder and documents are the same. */
  startDaemon(): Promise<void>
  stopDaemon(): Promise<void>
  cut(): void
  /** Resolves with the moment (`performance.now()`) in which the daemon is through again. */
  mend(): Promise<number>
  stop(): Promise<void>
}

/** Serves `folder`; both programs keep their data in `dataDir`. */
export async function startApart(folder: string, dataDir: string): Promise<Apart> {
  const key = createApiKey()
  const common = { TANDEM_LOG_LEVEL: 'error', TANDEM_DATA: dataDir, TANDEM_REQUESTS_PER_MINUTE: '1000000' }
  const server = run('../../server/src/main.ts', { ...common, TANDEM_PORT: '0', TANDEM_OWNER_KEY: key })
  const { url = '', workspaceId = '' } = await server.hears('ready')
  const line = await openLine(Number(new URL(url).port))
  const daemonEnv = {
    ...common,
    TANDEM_SERVER: `http://127.0.0.1:${line.port}`,
    TANDEM_TOKEN: key,
    TANDEM_FOLDER: folder,
    TANDEM_UNSAFE_NO_SANDBOX: 'true',
  }
  let daemon: Program | undefined
  const stopDaemon = async () => {
    await daemon?.stop()
    daemon = undefined
  }
  return {
    api: (route, init = {}) =>
      fetch(`${url}/api/v1/workspaces/${workspaceId}${route}`, {
        ...init,
        headers: { authorization: `Bearer ${key}` },
      }),
    startDaemon: async () => {
      daemon = run('../../daemon/src/main.ts', daemonEnv)
      await daemon.hears('ready')
    },
    stopDaemon,
    cut: line.cut,
    mend: line.mend,
    stop: async () => {
      await stopDaemon()
      line.close()
      await server.stop()
    },
  }
}

type News = { t?: string; url?: string; workspaceId?: string }
type Program = ReturnType<typeof run>

function run(file: string, env: Record<string, string>) {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    hears: (t: string) =>
      new Promise<News>((resolve, reject) => {
        child.on('message', (news: News) => news.t === t && resolve(news))
        child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
