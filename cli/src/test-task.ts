import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestServer } from '@tandem/server/test-server'
import type { Id } from '@tandem/shared'
import { Command } from 'commander'
import { onTestFinished } from 'vitest'
import type { Say } from './say.ts'
import { addTaskCommands } from './task.ts'

/** For tests: a folder that goes with the test. */
export const tempPlace = (): string => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-task-')))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  return place
}

/** For tests: the environment in which a command finds this server. */
export const reaching = (server: Pick<TestServer, 'url' | 'ownerKey'>) => ({
  env: { TANDEM_SERVER: server.url, TANDEM_TOKEN: server.ownerKey },
})

type Where = { env: Record<string, string>; home?: string; isTTY?: boolean }

/** For tests: a command that only asks and answers, within this process: to start one takes half a second. */
export async function does(args: readonly string[], { env, home = tempPlace(), isTTY = false }: Where) {
  const said = { out: '', err: '' }
  const say: Say = {
    progress: () => {},
    out: (line) => void (said.out += `${line}\n`),
    err: (line) => void (said.err += `${line}\n`),
  }
  const { signal: never } = new AbortController()
  const program = new Command()
  addTaskCommands(program, { machine: { env, home, isTTY }, say, stop: never, force: never })
  await program.parseAsync(['task', ...args], { from: 'user' })
  const code = process.exitCode
  process.exitCode = undefined
  return { code, ...said }
}

/** For tests: the server's tasks, the newest first. */
export const tasksOf = async (server: TestServer) =>
  (
    (await (await server.inWorkspace('/tasks')).json()) as {
      tasks: (Record<string, unknown> & { id: Id; state: string })[]
    }
  ).tasks
