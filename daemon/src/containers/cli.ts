import { execFile } from 'node:child_process'
import { basename, isAbsolute } from 'node:path'
import { findProgram } from '../sandbox/walls.ts'

/** A program that is told what to do with containers: Docker's, or Podman's, which understands the same words. */
export type Cli = {
  readonly program: string
  readonly isPodman: boolean
  readonly environment: Readonly<Record<string, string>>
  /** Runs it to its end; a failure is told by `ok`, with what it wrote. What takes longer than half a minute is ended. */
  ask(...args: string[]): Promise<{ ok: boolean; stdout: string; stderr: string }>
}

/** What tells it where its engine is, and nothing else of the daemon's environment. */
const told = /^(HOME|USER|LANG|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|DOCKER_\w+|CONTAINERS?_\w+)$/
const patienceMs = 30_000

/** Looks for one outside the workspace, Podman's first: it needs no service that is root's. Undefined where there is none. */
export function findCli(host: NodeJS.ProcessEnv, workspace: string): Cli | undefined {
  const isOutside = (folder: string) =>
    isAbsolute(folder) && folder !== workspace && !folder.startsWith(`${workspace}/`)
  const path = (host.PATH ?? '').split(':').filter(isOutside).join(':')
  const program = findProgram('podman', path, workspace) ?? findProgram('docker', path, workspace)
  if (program === undefined) return undefined
  const environment = Object.fromEntries(
    Object.entries({ ...host, PATH: path }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && (entry[0] === 'PATH' || told.test(entry[0])),
    ),
  )
  return {
    program,
    isPodman: basename(program) === 'podman',
    environment,
    ask: (...args) =>
      new Promise((resolve) => {
        const options = { cwd: '/', env: environment, timeout: patienceMs, killSignal: 'SIGKILL' } as const
        const child = execFile(program, args, options, (error, stdout, stderr) =>
          resolve({ ok: error === null, stdout, stderr: stderr.trim() || (error?.message ?? '') }),
        )
        child.stdin?.end()
      }),
  }
}
