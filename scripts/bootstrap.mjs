// What `npm start` and `npm test` run. Plain JavaScript without dependencies, because it runs on
// whatever Node the machine has (20 or newer) before anything is installed.
//
// Everything it says goes to stderr: stdout belongs to the program it starts (`--json` prints one line there).
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childEnv } from './bootstrap/child.mjs'
import { buildClient } from './bootstrap/client.mjs'
import { installDependencies } from './bootstrap/dependencies.mjs'
import { ensureNode } from './bootstrap/node.mjs'
import { run } from './bootstrap/run.mjs'
import { BootstrapError, say } from './bootstrap/say.mjs'
import { holdingLock } from './bootstrap/lock.mjs'
import { ensureForStart, ensureForTest } from './bootstrap/system.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [verb, ...args] = process.argv.slice(2)
/** What runs where the user is, in folders of theirs. */
const isForUsers = verb === 'start' || verb === 'tandem'

/** What each verb runs once everything is in place, and whether that shows or tests the client. */
const taskByVerb = {
  start: { program: ['cli/src/main.ts', 'up'], client: true },
  // Every command of ours; npm start is the one most people need.
  tandem: { program: ['cli/src/main.ts'], client: true },
  test: { program: ['scripts/src/test.ts'], client: true },
  'test:long': { program: ['scripts/src/test-long.ts'], client: true },
  bench: { program: ['bench/src/main.ts'], client: true },
  check: { program: ['scripts/src/check.ts'] },
  spec: { program: ['scripts/src/spec.ts'] },
  // Prepares everything and stops there, as for a container image.
  prepare: { client: true },
}

try {
  const task = taskByVerb[verb]
  if (!task) throw new BootstrapError(`Say what to do: ${Object.keys(taskByVerb).join(', ')}.`)
  if (process.platform === 'win32') {
    throw new BootstrapError('Windows is not supported yet. Inside WSL 2 (Ubuntu or Debian) Tandem runs as on Linux.')
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new BootstrapError(
      `Node ${process.versions.node} is too old even to fetch a newer one. Install Node 20 or newer.`,
    )
  }

  const node = await holdingLock(root, async () => {
    const found = await ensureNode(root)
    await installDependencies(root, found)
    if (verb === 'start') await ensureForStart(args)
    if (verb === 'test') await ensureForTest()
    if (task.client) await buildClient(root, found)
    return found
  })

  // A relative FOLDER means what it means where the user typed it; npm remembers that place.
  const cwd = (isForUsers && process.env.npm_lifecycle_event && process.env.INIT_CWD) || root
  const [file, ...fixed] = task.program ?? []
  // What runs in a user's folder sees the user's own PATH; our tools need the Node that fits as `node`.
  const env = childEnv(isForUsers ? undefined : node)
  if (file) process.exitCode = await run(cwd, node, [join(root, file), ...fixed, ...args], env)
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error
  say(error.message)
  process.exitCode = 1
}
