import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { BootstrapError } from './say.mjs'

// `npm start` hands its own settings to what it runs. Those that say *where the network is* are wanted (a company's
// registry, proxy, certificates); those that say *what this npm run was about* would bend the commands we run.
const BENDING =
  /^npm_(?!config_)|^npm_config_(prefix|.*_prefix|global|location|workspaces?|include_workspace_root|json|dry_run|omit|include|only|production|ignore_scripts|package_lock.*|save.*|node_version|npm_version|user_agent|loglevel|script_shell)$/i

/** The environment for commands we run: npm's bending settings removed, and `node` first on the PATH. */
export function childEnv(nodePath) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !BENDING.test(name)))
  if (!env.HOME) delete env.HOME // an empty HOME is none: tools then ask the system for it
  const bin = nodePath.slice(0, nodePath.lastIndexOf('/'))
  return { ...env, PATH: [bin, env.PATH].filter(Boolean).join(delimiter) }
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
export function findOnPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder || '.', name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not here: look in the next folder
    }
  }
}
