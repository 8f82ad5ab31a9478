import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process, { env } from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, test, vi } from 'vitest'

const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-death-')))
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

const at = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
const together = 5
const seconds = `8${process.pid}`
/** Starts some commands at once, none of which would end by itself while anybody waits for that. */
const program = `
  const { createSandboxedRunner } = await import(${at('runner.ts')})
  const { commandIdentity } = await import(${at('identity.ts')})
  const { defaultLimits } = await import(${at('limits.ts')})
  const { findWalls } = await import(${at('walls.ts')})
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const workspace = ${JSON.stringify(workspace)}
  const identity = commandIdentity(workspace)
  const walls = findWalls({ path: process.env.PATH, workspace, isRoot: identity.isRoot })
  const toolchains = { folders: [], path: ['/usr/bin', '/bin'], environment: {} }
  const of = { workspace, identity, toolchains, paths: [], hostEnvironment: {}, limits: defaultLimits, protect: [], hide: [], git: {}, log }
  const { runCommand } = createSandboxedRunner(of, walls, 'full')
  const shellLine = 'trap "" TERM HUP; cd ' + workspace + '; exec sleep ${seconds}'
  for (let i = 0; i < ${together}; i++) void runCommand({ shellLine, cwd: workspace, onChunk() {} })`

/** Of bubblewrap, whose line names the folder, and of what runs in it. */
const leftOf = (what: RegExp) =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      return what.test(line) && (line.includes(workspace) || line.includes(seconds))
    } catch {
      return false // it ended while we looked
    }
  })

test(
  '[SBX-350] [SBX-208] a daemon that is killed while walls go up leaves no command, and nothing that waits for one',
  { timeout: 60_000 },
  async () => {
    for (const started of [1, 4, 7, 2 * together]) {
      const daemon = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: 'ignore' })
      const ended = new Promise((resolve) => daemon.once('exit', resolve))
      // Each of them is another step on the way: bubblewrap, then its init beside it.
      while (leftOf(/^\/?[\w/]*bwrap\0/).length < started && daemon.exitCode === null) await setImmediate()
      expect(daemon.exitCode).toBe(null)
      daemon.kill('SIGKILL')
      await ended
      await vi.waitFor(() => expect(leftOf(/bwrap|sleep/)).toEqual([]), { timeout: 10_000 })
    }
  },
)
