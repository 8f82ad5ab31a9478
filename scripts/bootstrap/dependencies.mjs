import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childEnv, quietly } from './child.mjs'
import { fetchPackage } from './fetch.mjs'
import { hashOf, readStamp } from './hash.mjs'
import { BootstrapError, step } from './say.mjs'

/** Installs what the lockfile names, with the pinned pnpm, when lockfile, manifests or Node changed since the last time. */
export async function installDependencies(root, node) {
  // Inside node_modules, so that removing that folder also forgets that it was filled.
  const stamp = join(root, 'node_modules', '.tandem-installed')
  const packages = readdirSync(root).filter((name) => existsSync(join(root, name, 'package.json')))
  const manifests = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    ...packages.map((name) => `${name}/package.json`),
  ]
  const wanted = hashOf(root, manifests, node)
  if (readStamp(stamp) === wanted) return

  const pnpm = await ensurePnpm(root, node)
  const env = childEnv(node)
  await step(`Installing dependencies from your npm registry (about 200 MB, less when known already)`, async () => {
    // pnpm reads the user's .npmrc but not all of npm's places, so it is told which registry npm would use.
    const registry =
      env.npm_config_registry ?? (await quietly('npm', ['config', 'get', 'registry'], { env, cwd: root })).trim()
    await quietly(node, [pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', `--registry=${registry}`], {
      // CI: never ask a question; a changed node_modules is replaced.
      env: { ...env, CI: 'true', pnpm_config_pm_on_fail: 'ignore' },
      cwd: root,
    })
  })
  writeFileSync(stamp, wanted)
}

/** The entry script of the pnpm that `packageManager` names; run it with Node. */
export async function ensurePnpm(root) {
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager,
  )?.[1]
  if (!version) throw new BootstrapError('package.json names no pnpm in `packageManager`.')
  const folder = await fetchPackage(root, { name: 'pnpm', version, title: `pnpm ${version}`, size: '25 MB' })
  return join(folder, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs')
}
