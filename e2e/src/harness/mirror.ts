import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLine } from './line.ts'
import { processesBelow } from './processes.ts'
import { endAfterTest, launch, save, tempFolder, type Tandem } from './tandem.ts'

/** A further daemon with a folder of its own, on the workspace of a Tandem that was started with `--shared`. */
export type OtherMirror = {
  folder: string
  dataDir: string
  read(path: string): string | undefined
  write(path: string, text: string): void
  /** Kills the daemon outright; `start` brings it back. */
  kill(): Promise<void>
  /** Starts it where it does not run; resolves when folder and documents are the same. */
  start(): Promise<void>
  isUp(): boolean
  /** The daemon’s process, now. */
  pid(): number | undefined
  /** Cuts and mends its connection alone. */
  cut(): void
  mend(): void
  /** Its log lines so far. */
  log(): string
  stop(): Promise<void>
}

/** Starts `tandem daemon` on a folder, over a line of its own. */
export async function startMirror(
  tandem: Tandem,
  options: { folder?: string; dataDir?: string; files?: Record<string, string>; env?: Record<string, string> } = {},
): Promise<OtherMirror> {
  const folder = options.folder ?? tempFolder(options.files)
  const dataDir = options.dataDir ?? tempFolder()
  const line = await openLine(tandem.port)
  let run: ReturnType<typeof launch> | undefined
  let said = ''
  const start = async () => {
    if (run) return
    const args = [
      'daemon',
      folder,
      '--server',
      `http://127.0.0.1:${line.port}`,
      '--shared',
      '--json',
      '--data',
      dataDir,
    ]
    const mine = (run = launch(args, { TANDEM_TOKEN: tandem.ready.token, TANDEM_LOG_LEVEL: 'info', ...options.env }))
    endAfterTest(mine)
    void mine.ended.then(({ stderr }) => {
      said += stderr
      if (run === mine) run = undefined
    })
    const ended = mine.ended.then(({ stderr }) => Promise.reject(new Error(`the other daemon ended:\n${stderr}`)))
    ended.catch(() => {}) // told below, where it matters
    await Promise.race([mine.firstLine, ended])
  }
  const end = async (signal: NodeJS.Signals) => {
    const mine = run
    if (!mine) return
    const daemon = pidBelow(mine.pid)
    if (signal === 'SIGKILL' && daemon !== undefined) process.kill(daemon, signal)
    else mine.kill('SIGTERM')
    await mine.ended
  }
  await start()
  return {
    folder,
    dataDir,
    read: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined),
    write: (path, text) => save(join(folder, path), text),
    kill: () => end('SIGKILL'),
    start,
    isUp: () => run !== undefined,
    pid: () => run && pidBelow(run.pid),
    cut: line.cut,
    mend: () => void line.mend(),
    log: () => said + (run?.stderr() ?? ''),
    stop: async () => {
      await end('SIGTERM')
      line.close()
    },
  }
}

const pidBelow = (pid: number) => processesBelow(pid).find(({ command }) => command.includes('daemon/src/main.ts'))?.pid
