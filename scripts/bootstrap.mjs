// What `npm start` and `npm test` run. Plain JavaScript without dependencies, because it runs on
// whatever Node the machine has (20 or newer) before anything is installed.
//
// Everything it says goes to stderr: stdout belongs to the program it starts (`--json` prints one line there).
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildClient } from './bootstrap/client.mjs'
import { installDependencies } from './bootstrap/dependencies.mjs'
import { ensureNode } from './bootstrap/node.mjs'
import { run } from './bootstrap/run.mjs'
import { BootstrapError, say } from './bootstrap/say.mjs'
import { holdingLock } from './bootstrap/lock.mjs'
import { ensureForStart, ensureForTest } from './bootstrap/system.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [verb, ...args] = process.argv.slice(2)

const programByVerb = {
  start: ['cli/src/main.ts', 'up', ...args],
  test: ['scripts/src/test.ts', ...args],
  // Prepares and stops there: for a container image, or to look at what would be fetched.
  prepare: undefined,
}

try {
  if (!(verb in programByVerb)) throw new BootstrapError('Use `npm start`, `npm test`, or `prepare`.')
  if (process.platform === 'win32') {
    throw new BootstrapError('Windows is not supported yet. Inside WSL 2 (Ubuntu or Debian) Tandem runs as on Linux.')
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new BootstrapError(`Node ${process.versions.node} is too old even to fetch a newer one. Install Node 20 or newer.`)
  }

  const node = await holdingLock(root, async () => {
    const found = await ensureNode(root)
    await installDependencies(root, found)
    if (verb === 'start') await ensureForStart(args)
    if (verb === 'test') await ensureForTest()
    await buildClient(root, found)
    return found
  })

  const program = programByVerb[verb]
  // A relative FOLDER means what it means where the user typed it; npm remembers that place.
  const cwd = (verb === 'start' && process.env.npm_lifecycle_event && process.env.INIT_CWD) || root
  if (program) process.exitCode = await run(cwd, node, [join(root, program[0]), ...program.slice(1)])
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error
  say(error.message)
  process.exitCode = 1
}
