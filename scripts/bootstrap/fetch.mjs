import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { childEnv, quietly } from './child.mjs'
import { step } from './say.mjs'

/**
 * Fetches one package of one exact version into `.toolchain/<name>-<version>` with the machine's own npm, so that its
 * registry, proxy and certificates apply and its integrity check too. Nothing happens when it is already there.
 * A half-finished download never looks finished: it is made aside and renamed.
 */
export async function fetchPackage(root, { name, version, title, size }) {
  const target = join(root, '.toolchain', `${name}-${version}`)
  if (existsSync(target)) return target
  const aside = `${target}.part`
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true })
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const flags = ['--prefix', aside, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  const args = [...npm.slice(1), 'install', `${name}@${version}`, ...flags, '--no-update-notifier', '--loglevel=error']
  await step(
    `Fetching ${title} from your npm registry (about ${size})`,
    () => quietly(npm[0], args, { env: childEnv(), cwd: aside }),
    () => `${Math.round(bytesIn(aside) / 1e6)} MB unpacked`,
  )
  renameSync(aside, target)
  return target
}

function bytesIn(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name)
      return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size)
    }, 0)
  } catch {
    return 0 // npm moves folders while we look; the next look is right again
  }
}
