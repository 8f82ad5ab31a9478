import { createServer } from 'node:net'
import type { Gate } from '@tandem/daemon/gate'
import { readPolicy } from '@tandem/daemon/policy'
import { createPolicyNow } from '@tandem/daemon/repository-policy'
import { createId, messageOf, silentLog, systemClock, type Settings } from '@tandem/shared'
import type { Machine } from './config.ts'
import type { Finding } from './finding.ts'
import { checkFolder, checkSpace, dataDirOf, freeBytes } from './folder.ts'
import { clientDir } from './programs.ts'
import { lookAtMirror } from './mirror-findings.ts'
import { lookAtQuarantine } from './quarantine-findings.ts'
import { dataDirInUse, findRunning } from './running.ts'
import type { Say } from './say.ts'

type Context = { folder: string; settings: Settings; machine: Machine }
/** One thing that is looked at. Later parts of Tandem add theirs to the list below. */
type Section = {
  title: string
  look(context: Context): Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>
}

const sections: readonly Section[] = [
  { title: 'Node', look: lookAtNode },
  { title: 'folder', look: ({ folder }) => ({ is: 'ok', says: checkFolder(folder) }) },
  { title: 'data', look: lookAtData },
  { title: 'port', look: lookAtPort },
  {
    title: 'page',
    look: ({ machine }) =>
      clientDir(machine) ? { is: 'ok', says: 'built' } : { is: 'fail', says: 'not built', fix: 'Run npm start once.' },
  },
  {
    title: 'mirror',
    look: ({ folder, settings, machine }) => {
      const dataDir = dataDirInUse(checkFolder(folder), settings.data, machine)
      return lookAtMirror({ dataDir, isRunning: findRunning(dataDir) !== undefined, now: Date.now() })
    },
  },
  { title: 'policy', look: lookAtPolicy },
  { title: 'sandbox', look: lookAtSandbox },
  { title: 'aside', look: ({ folder }) => lookAtQuarantine(checkFolder(folder)) },
]

/** Looks at everything Tandem needs and says what to do where it is missing. Returns 1 where something fails. */
export async function doctor({ say, ...context }: Context & { say: Say }): Promise<number> {
  const findings: (Finding & { title: string })[] = []
  for (const { title, look } of sections) {
    const found = await (async () => look(context))().catch((e: unknown): Finding => ({
      is: 'fail',
      says: messageOf(e),
    }))
    for (const finding of [found].flat()) findings.push({ title, ...finding })
  }
  if (context.settings.json) say.out(JSON.stringify(findings))
  else
    for (const f of findings)
      say.out(`${f.is.padEnd(4)}  ${f.title.padEnd(8)} ${f.says}${f.fix ? `\n      ${' '.repeat(8)} ${f.fix}` : ''}`)
  return findings.some((f) => f.is === 'fail') ? 1 : 0
}

function lookAtNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const says = `${process.version} at ${process.execPath}`
  if (major < 22 || (major === 22 && minor < 22))
    return { is: 'fail', says, fix: 'Use Node 22.22 or newer; npm start brings its own.' }
  return { is: 'ok', says }
}

function lookAtData({ folder, settings, machine }: Context): Finding {
  const dir = dataDirInUse(checkFolder(folder), settings.data, machine)
  checkSpace([dir])
  return { is: 'ok', says: `${dir} (${Math.floor(freeBytes(dir) / 2 ** 30)} GB free)` }
}

async function lookAtPort({ folder, settings, machine }: Context): Promise<Finding> {
  const { host, port } = settings
  const running = findRunning(dataDirOf(checkFolder(folder), settings.data, machine))
  if (running)
    return {
      is: 'ok',
      says: `Tandem serves the folder at ${running.url ? new URL(running.url).origin : `process ${running.pid}`}`,
    }
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer().once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
  if (!error) return { is: 'ok', says: port === 0 ? 'any free one' : `${host}:${port} is free` }
  const fix =
    error.code === 'EADDRINUSE'
      ? 'Stop the program on that port, or choose another with --port.'
      : 'Choose another with --port or --host.'
  return { is: 'fail', says: `${host}:${port} cannot be used: ${error.message}`, fix }
}

function lookAtPolicy({ folder, machine }: Context): Finding {
  const workspace = checkFolder(folder)
  const { file, isThere, policy } = readPolicy({ environment: machine.env, workspace })
  try {
    createPolicyNow(workspace, policy)()
  } catch (e) {
    return { is: 'fail', says: messageOf(e), fix: 'Correct that file in the folder: no task runs until then.' }
  }
  if (!isThere) return { is: 'ok', says: `the default: there is no ${file}` }
  const { allow, ask, deny, default: others, mode } = policy.commands
  const count = `mode ${mode}; ${allow.length} rules allow, ${ask.length} ask, ${deny.length} deny; other commands: ${others}`
  return { is: 'ok', says: `${file} (${count})` }
}

async function lookAtSandbox({ folder, machine }: Context): Promise<readonly Finding[]> {
  // The daemon's code is large: it is loaded only by who asks.
  const { openGate } = await import('@tandem/daemon/gate')
  const workspace = checkFolder(folder)
  const looked = new AbortController()
  const { state, found } = await openGate({
    workspace,
    policy: readPolicy({ environment: machine.env, workspace }).policy,
    environment: machine.env,
    unsafe: false,
    looksOnly: true,
    history: '',
    bootId: createId(),
    clock: systemClock,
    log: silentLog,
    signal: looked.signal,
    // What is kept ready for tasks would keep this from ending.
  }).finally(() => looked.abort())
  const walls = found.walls === undefined ? '' : `${found.walls}; `
  const held = `${found.held.length} attacks were tried and held off: ${found.held.join(', ')}`
  const fix = state.fix === undefined ? {} : { fix: state.fix }
  const less = `${walls}${state.reason ?? 'there is none'}${found.held.length > 0 ? `; ${held}` : ''}`
  const sandbox: Finding =
    state.tier === 'full'
      ? { is: 'ok', says: `${walls}${held}` }
      : { is: state.tier === 'reduced' ? 'warn' : 'fail', says: less, ...fix }
  return [sandbox, ...containersIn(found.containers)]
}

/** Nothing is said of what nobody asked for. */
function containersIn(found: Gate['found']['containers']): readonly Finding[] {
  if (found.containers) return [{ is: 'ok', says: found.says }]
  return found.wanted ? [{ is: 'warn', says: found.reason, fix: found.fix }] : []
}
