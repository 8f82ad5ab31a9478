import { parentPort } from 'node:worker_threads'
import {
  Bash,
  defineCommand,
  latin1FromBytes,
  parse,
  serialize,
  type CommandNode,
  type PipelineNode,
  type ScriptNode,
} from 'just-bash'
import type { FromShell, ShellState, ToShell } from './messages.ts'
import { createOverlay, type Overlay } from './overlay.ts'

// The thread in which a line runs: it can be ended whatever it does, and nobody who types waits for it.

const port = parentPort
if (!port) throw new Error('to be started as a thread')
const say = (message: FromShell) => port.postMessage(message)
const waiting = new Map<number, (message: ToShell) => void>()
let asked = 0
const ask = <T extends 'read' | 'ran'>(message: FromShell): Promise<Extract<ToShell, { t: T }>> =>
  new Promise((resolve) => {
    if ('n' in message) waiting.set(message.n, resolve as (answer: ToShell) => void)
    say(message)
  })

/** The functions that a line defines, as text: the next line is to know them. */
function functionsIn(script: ScriptNode): Record<string, string> {
  const found: Record<string, string> = {}
  for (const statement of script.statements)
    for (const { commands } of statement.pipelines)
      for (const command of commands)
        if (command.type === 'FunctionDef')
          found[command.name] = serialize({
            ...script,
            statements: [
              { ...statement, pipelines: [{ ...statement.pipelines[0]!, commands: [command] }], operators: [] },
            ],
          })
  return found
}

/** Commands of a line that are given input of their own, and not that of a loop around them. */
function programsFed(line: string): ReadonlySet<string> {
  const found = new Set<string>()
  const nameOf = (command: CommandNode | undefined) => {
    const [part] = command?.type === 'SimpleCommand' ? (command.name?.parts ?? []) : []
    return part?.type === 'Literal' ? part.value : undefined
  }
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (typeof value !== 'object' || value === null) return
    const node = value as CommandNode | PipelineNode
    const after = node.type === 'Pipeline' ? node.commands.slice(1) : []
    const isFed = node.type === 'SimpleCommand' && node.redirections.some(({ operator }) => operator.startsWith('<'))
    for (const command of isFed ? [node] : after) {
      const name = nameOf(command)
      if (name !== undefined) found.add(name)
    }
    Object.values(node).forEach(visit)
  }
  try {
    visit(parse(line))
  } catch {
    // What cannot be parsed runs nothing.
  }
  return found
}

async function run({ line, listed, state, limits, programs }: Extract<ToShell, { t: 'exec' }>): Promise<void> {
  const read = async (path: string) => {
    const { bytes, refused } = await ask<'read'>({ t: 'read', n: ++asked, path })
    if (bytes) return bytes
    throw new Error(refused)
  }
  let overlay: Overlay = createOverlay(listed, read, limits)
  // After a real command the files are others.
  const now = (name: keyof Overlay['fs']) => overlay.fs[name] as (...args: unknown[]) => unknown
  const names = Object.keys(overlay.fs) as (keyof Overlay['fs'])[]
  const fs = Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => now(name)(...args)]),
  ) as unknown as Overlay['fs']
  const fed = programsFed(line)
  const underWay = new Set<Promise<unknown>>()
  const customCommands = programs.map((name) =>
    defineCommand(name, async (args, { cwd, stdin, exportedEnv = {}, signal }) => {
      if (latin1FromBytes(stdin) !== '' && fed.has(name))
        return { stdout: '', stderr: `${name}: programs get no input here; write it to a file first\n`, exitCode: 126 }
      const changes = await overlay.changes()
      const given = Object.entries(exportedEnv).filter(([key]) => !shellsOwn.has(key))
      const env = Object.fromEntries(given)
      signal?.throwIfAborted()
      const n = ++asked
      signal?.addEventListener('abort', () => say({ t: 'stop', n }), { once: true })
      const running = ask<'ran'>({ t: 'run', n, argv: [name, ...args], cwd, env, changes }).then((ran) => {
        overlay = createOverlay(ran.listed, read, limits)
        return { stdout: ran.stdout, stderr: ran.stderr, exitCode: ran.exitCode }
      })
      underWay.add(running)
      return running
    }),
  )
  const bash = new Bash({
    fs,
    cwd: (await fs.exists(state.cwd)) ? state.cwd : '/',
    env: state.env,
    customCommands,
    executionLimitProfile: 'hardened',
    executionLimits: {
      maxCommandCount: limits.commands,
      maxLoopIterations: limits.commands,
      maxCallDepth: limits.calls,
      maxExecDepth: limits.spawns,
      maxOutputSize: limits.outputBytes,
      maxExecutionTimeMs: limits.wallMs,
    },
  })
  const prelude = Object.values(state.functions).join('\n')
  const { stdout, stderr, exitCode, env } = await bash.exec(prelude === '' ? line : `${prelude}\n${line}`, {
    rawScript: true,
  })
  // The shell leaves one behind that does not end at once when its time is up: what is on the way is made known once.
  await Promise.all(underWay)
  const next: ShellState = { cwd: env['PWD'] ?? state.cwd, env: carried(env), functions: state.functions }
  try {
    next.functions = { ...state.functions, ...functionsIn(parse(line)) }
  } catch {
    // What cannot be parsed defined none.
  }
  const over = bounded(next)
  const unread = [...overlay.unread].map(([path, reason]) => `bash: ${path}: not read: ${reason}\n`)
  const others = unread.length > maxNotes ? `bash: ${unread.length - maxNotes} others: not read\n` : ''
  const notes = unread.slice(0, maxNotes).join('') + others
  say({ t: 'done', state: next, changes: await overlay.changes(), stdout, stderr: stderr + notes + over, exitCode })
}

/** So many files that were not read are named. */
const maxNotes = 100

/** What is kept of variables and functions together, characters: it is held as long as the session. */
const maxKept = 2 ** 20

/** Leaves out of a state what is too much, the largest first; answers the words that say so. */
function bounded(state: ShellState): string {
  const sizes = [state.env, state.functions].flatMap((of) =>
    Object.entries(of).map(([name, text]) => ({ of, name, size: name.length + text.length })),
  )
  let held = sizes.reduce((sum, { size }) => sum + size, 0)
  let words = ''
  for (const { of, name, size } of sizes.toSorted((a, b) => b.size - a.size)) {
    if (held <= maxKept) break
    held -= size
    delete of[name]
    if (words.length < 1_000) words += `bash: ${name.slice(0, 100)}: not kept for the next line: it is too large\n`
  }
  return words
}

/** What is set anew for each line is not carried over. */
const carried = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !fresh.has(name)))
const fresh = new Set(['SHELLOPTS', 'BASHOPTS', 'PWD', 'OPTIND', 'IFS'])
/** Exported by every shell in memory, and of no use to a program. */
const shellsOwn = new Set(['HOME', 'PATH', 'PWD', 'OLDPWD', 'SHLVL', '_'])

port.on('message', (message: ToShell) => {
  if (message.t !== 'exec') {
    const resolve = waiting.get(message.n)
    waiting.delete(message.n)
    return resolve?.(message)
  }
  run(message).catch((e: unknown) =>
    say({ t: 'done', state: message.state, changes: [], stdout: '', stderr: `bash: ${String(e)}\n`, exitCode: 1 }),
  )
})
