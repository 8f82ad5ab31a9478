import { spawn, type ChildProcess } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processesBelow } from './process-tree.ts'

/** The folder of the whole project. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Stage {
  name: string
  /** A program of `node_modules/.bin`, with its arguments. */
  command: string
  args: readonly string[]
  env?: Record<string, string>
  /** `live`: straight to our output as it comes. `quiet` (default): kept, and shown if it fails. */
  output?: 'live' | 'quiet'
}

export interface StageResult {
  name: string
  ok: boolean
  seconds: number
  output: string
}

const path = [fileURLToPath(new URL('../../node_modules/.bin', import.meta.url)), process.env['PATH']].join(delimiter)

/** Runs one stage to its end. Never rejects: what cannot be started has failed. Aborting ends the program. */
export function runStage(stage: Stage, signal: AbortSignal): Promise<StageResult> {
  const startedAt = performance.now()
  const live = stage.output === 'live'
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(stage.command, stage.args, {
      cwd: root,
      env: { ...process.env, ...stage.env, PATH: path, ...(!live && { NO_COLOR: '1' }) },
      stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    const end = () => endWithAllBelow(child)
    signal.addEventListener('abort', end, { once: true })
    const done = (ok: boolean) =>
      resolve({ name: stage.name, ok, seconds: (performance.now() - startedAt) / 1000, output: output.trim() })
    const keep = (data: Buffer) => {
      output += data.toString()
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', (error) => {
      output += `\n${stage.command}: ${error.message}`
      if (child.pid === undefined) done(false) // otherwise `close` follows
    })
    child.on('close', (code) => {
      signal.removeEventListener('abort', end)
      done(code === 0)
    })
  })
}

/** A test runner that is told to end leaves the servers and browsers of its tests behind: they are told as well. */
function endWithAllBelow(child: ChildProcess) {
  const below = child.pid ? processesBelow(child.pid) : []
  child.kill()
  for (const pid of below) {
    try {
      process.kill(pid)
    } catch {
      // it ended by itself meanwhile
    }
  }
}

/** One line per finished stage, and what a failed one had to say. */
export function report({ name, ok, seconds, output }: StageResult) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(28)} ${seconds.toFixed(1)} s\n`)
  if (!ok && output) process.stdout.write(`\n${output}\n\n`)
}

/** Aborts on Ctrl-C or a request to end, so that no stage is left running. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = signal === 'SIGINT' ? 130 : 143
      controller.abort()
    })
  }
  return controller.signal
}
