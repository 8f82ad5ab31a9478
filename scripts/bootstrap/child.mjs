import { spawn } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { BootstrapError } from './say.mjs'

// `npm start` hands its own settings to what it runs. Those that say *where the network is* are wanted (a company's
// registry, proxy, certificates); those that say *what this npm run was about* would bend the commands we run.
const BENDING =
  /^npm_(?!config_)|^npm_config_(prefix|.*_prefix|global|location|workspaces?|include_workspace_root|json|dry_run|omit|include|only|production|ignore_scripts|package_lock.*|save.*|node_version|npm_version|user_agent|loglevel|script_shell)$/i

/**
 * The environment for what we run: npm's bending settings and its additions to the PATH removed, so that a task in the
 * user's folder sees the PATH as its owner ordered it. Given a Node, `node` means that one.
 */
export function childEnv(node) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !BENDING.test(name)))
  if (!env.HOME) delete env.HOME // an empty HOME is none: tools then ask the system for it
  const path = (env.PATH ?? '').split(delimiter).filter((folder) => !addedByNpm(folder))
  if (node && !isSame(node, findOnPath('node', path))) path.unshift(dirname(node))
  return { ...env, PATH: path.join(delimiter) }
}

/** npm puts the `.bin` of this folder and of each one above it first, and a folder of its own. */
function addedByNpm(folder) {
  if (!process.env.npm_lifecycle_event) return false
  if (folder.endsWith('/node-gyp-bin')) return true
  return (
    folder.endsWith('/node_modules/.bin') && process.cwd().startsWith(folder.slice(0, -'/node_modules/.bin'.length))
  )
}

function isSame(path, other) {
  return other !== undefined && realpathSync(path) === realpathSync(other)
}

/** Runs to its end, quietly; resolves with what it wrote to stdout. On failure the reader sees the last of what it said. */
export function quietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let stdout = ''
    let both = ''
    child.stdout.on('data', (data) => {
      stdout += data
      both = (both + data).slice(-4000)
    })
    child.stderr.on('data', (data) => (both = (both + data).slice(-4000)))
    child.on('error', (error) => reject(new BootstrapError(`${command} could not be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout)
      reject(
        new BootstrapError(
          `${both.trim()}\n\nThis failed (${signal ?? `exit code ${code}`}): ${command} ${args.join(' ')}`,
        ),
      )
    })
  })
}

/** Where a program is on the PATH, or undefined. */
export function findOnPath(name, folders = (process.env.PATH ?? '').split(delimiter)) {
  for (const folder of folders) {
    const path = join(folder || '.', name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not here: look in the next folder
    }
  }
}
