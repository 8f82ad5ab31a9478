import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { mayEnter, type Identity } from './identity.ts'

export type Toolchains = {
  /** Folders to bind read-only, each at its own path. */
  readonly folders: readonly string[]
  /** PATH inside the sandbox: the daemon's, less what is not visible there. */
  readonly path: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

type ToolchainOptions = {
  path: string
  home: string
  workspace: string
  /** The node that runs the daemon; it is the fall-back where PATH has none. */
  node: string
  /** Who the command runs as: what they may not enter is left out, or bubblewrap could not start. */
  identity: Identity
}

const system = ['/usr/local/bin', '/usr/bin', '/bin']
/** Tools whose real place is looked up, since PATH often holds only a link to it. */
const wellKnown = [
  'node',
  'npm',
  'npx',
  'pnpm',
  'yarn',
  'corepack',
  'bun',
  'deno',
  'python',
  'python3',
  'uv',
  'ruby',
  'go',
  'cargo',
  'rustc',
  'java',
  'tsc',
]
/** Version managers that hold nothing but tools. Others (`.cargo` has tokens, `.local` has keyrings) are bound by parts. */
const managers: Record<string, string> = {
  '.pyenv': 'PYENV_ROOT',
  '.rbenv': 'RBENV_ROOT',
  '.nodenv': 'NODENV_ROOT',
  '.volta': 'VOLTA_HOME',
  '.asdf': 'ASDF_DIR',
  '.rustup': 'RUSTUP_HOME',
}
/** The parts of an installation beside its `bin`. Never the whole prefix: that may be a project, or a home. */
const prefixParts = ['lib', 'lib64', 'libexec', 'include', 'pyvenv.cfg']
/** Parts that hold people's own files elsewhere (`src` beside `bin`): only where this tool is what the `bin` is of. */
const partsByTool: Record<string, readonly string[]> = { go: ['pkg', 'src'], java: ['jre', 'conf'] }

/**
 * Finds the tools that PATH offers outside /usr, so that a command in the sandbox finds what it finds in a terminal.
 * Nothing is bound that contains, or lies in, the workspace, nor the home itself.
 */
export function findToolchains({ path, home, workspace, node, identity }: ToolchainOptions): Toolchains {
  const folders = new Set<string>()
  const environment: Record<string, string> = {}
  const offLimits = (folder: string) =>
    contains(folder, home) ||
    contains(folder, workspace) ||
    contains(workspace, folder) ||
    contains('/usr', realPath(folder) ?? folder)
  const add = (folder: string) => {
    if (offLimits(folder) || !exists(folder) || !mayEnter(identity, folder)) return false
    folders.add(folder)
    return true
  }
  const addTool = (file: string) => {
    const manager = managerOf(file)
    if (manager) {
      if (add(manager.folder)) environment[manager.variable] = manager.folder
      return
    }
    const bin = dirname(file)
    if (!add(bin)) return
    const modules = /^(.*\/node_modules)\//.exec(file)?.[1]
    if (modules) add(modules)
    // `~/bin` is no installation: what lies beside it is the person's own.
    if (basename(bin) !== 'bin' || dirname(bin) === home) return
    const own = Object.entries(partsByTool).flatMap(([tool, parts]) => (exists(join(bin, tool)) ? parts : []))
    for (const part of [...prefixParts, ...own]) if (exists(join(dirname(bin), part))) add(join(dirname(bin), part))
    // The tools in .cargo/bin are all one program that starts those in .rustup.
    if (basename(dirname(bin)) === '.cargo') addTool(join(dirname(dirname(bin)), '.rustup', 'settings.toml'))
  }

  const wanted = path
    .split(':')
    .filter((entry) => isAbsolute(entry) && exists(entry))
    .map((entry) => resolve(entry))
  for (const entry of new Set([...wanted, dirname(node)])) {
    addTool(join(entry, '-'))
    for (const name of wellKnown) {
      const real = realPath(join(entry, name))
      if (real !== undefined && dirname(real) !== entry) addTool(real)
    }
  }
  const roots = [...folders, '/usr', '/bin', '/sbin', workspace]
  const visible = (entry: string) => roots.some((root) => contains(root, entry))
  const entries = [...wanted, ...system, dirname(node)].filter(visible)
  return { folders: outermost([...folders]), path: [...new Set(entries)], environment }
}

function managerOf(file: string): { folder: string; variable: string } | undefined {
  const parts = file.split('/')
  const at = parts.findIndex((part) => part in managers)
  return at < 0 ? undefined : { folder: parts.slice(0, at + 1).join('/'), variable: managers[parts[at]!]! }
}

/** True when `inner` is `outer` or lies in it. */
const contains = (outer: string, inner: string): boolean => {
  const way = relative(outer, inner)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

const outermost = (folders: string[]): string[] =>
  folders.filter((folder) => !folders.some((other) => other !== folder && contains(other, folder))).toSorted()

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false // in a folder that is not ours to see: then no tool in it is ours
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined // not there, or not ours to see: then it is no tool of ours
  }
}
