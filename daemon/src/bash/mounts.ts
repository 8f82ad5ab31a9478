import { TandemError, isTandemError, messageOf, parentOf, type Id } from '@tandem/shared'
import type { Change, Refused } from '../tree/commit.ts'
import type { Tree, Version } from '../tree/tree.ts'
import type { Listed } from './messages.ts'
import type { ScratchFiles, ShellChange } from './ports.ts'

/** Where the shell has the project; everything else is scratch. */
const root = '/workspace'
const inProject = (path: string): string | undefined =>
  path === root ? '' : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined

const nothing = new Uint8Array()

/** The files that one line sees, as they are while it runs, and what becomes of its changes. */
export type Mounted = {
  list(): Promise<Listed[]>
  /** Throws what may be said of a file that cannot be read. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array>
  /** Makes the changes, against what was read; answers what was not made. */
  flush(changes: readonly ShellChange[], task: Id | undefined, signal: AbortSignal): Promise<Refused[]>
}

export function mount(tree: Tree | undefined, scratch: ScratchFiles): Mounted {
  /** Without their bytes: nothing is compared with those, and a line may look at many files. */
  const versions = new Map<string, Version>()
  const read = async (path: string, signal: AbortSignal): Promise<Version> => {
    const [version] = tree ? await tree.read([inProject(path) ?? ''], signal) : []
    if (!version) throw new TandemError('not-found', { reason: 'there is no such file', path })
    versions.set(path, { ...version, bytes: nothing })
    return version
  }
  const versionOf = async (path: string, signal: AbortSignal): Promise<Version> =>
    versions.get(path) ?? (await read(path, signal))
  const listScratch = async (folder: string, out: Listed[]): Promise<Listed[]> => {
    for (const name of await scratch.readdir(folder)) {
      const path = folder === '/' ? `/${name}` : `${folder}/${name}`
      if (inProject(path) !== undefined) continue
      const { kind, size } = await scratch.stat(path)
      out.push({ path, kind, size, exec: false })
      if (kind === 'dir') await listScratch(path, out)
    }
    return out
  }
  /** One change of a scratch file. */
  const scratched = async (change: ShellChange): Promise<void> => {
    if (change.do === 'write') await scratch.writeFile(change.from, change.bytes)
    else if (change.do === 'remove') await scratch.unlink(change.from)
    else if (change.do === 'mkdir') await scratch.mkdir(change.path)
    else if (change.do === 'rmdir') await scratch.rmdir(change.path)
    else if (change.do === 'create') {
      await scratch.mkdir(parentOf(change.path) || '/')
      await scratch.writeFile(change.path, change.bytes)
    } else if (change.do === 'move') {
      await scratch.mkdir(parentOf(change.to) || '/')
      await scratch.writeFile(change.to, await scratch.readFile(change.from))
      await scratch.unlink(change.from)
    }
  }
  return {
    list: async () => {
      versions.clear()
      const out = await listScratch('/', [])
      if (!tree) return out
      out.push({ path: root, kind: 'dir', size: 0, exec: false })
      for (const entry of tree.entries()) {
        const { path, kind, facts } = entry
        const refused = tree.withheld(entry)
        out.push({
          path: `${root}/${path}`,
          kind: kind === 'dir' ? 'dir' : 'file',
          size: facts?.size ?? 0,
          exec: facts?.exec ?? false,
          ...(refused !== undefined && { refused }),
        })
      }
      return out
    },
    read: async (path, signal) =>
      inProject(path) === undefined ? scratch.readFile(path) : (await read(path, signal)).bytes,
    flush: async (changes, task, signal) => {
      const [forTree, forScratch]: [Change[], ShellChange[]] = [[], []]
      for (const change of changes) {
        const from = 'from' in change ? change.from : change.path
        const own = inProject(from)
        const to = change.do === 'move' ? inProject(change.to) : own
        if (change.do === 'move' && (own === undefined) !== (to === undefined)) {
          // Between the two there is no moving.
          // As the line saw it: what others changed since keeps the file where it is.
          const base = own === undefined ? undefined : await versionOf(from, signal)
          const rewritten = changes.find((other) => other.do === 'write' && other.from === from)
          const bytes =
            rewritten?.do === 'write'
              ? rewritten.bytes
              : own === undefined
                ? await scratch.readFile(from)
                : (await read(from, signal)).bytes
          if (to === undefined) forScratch.push({ do: 'create', path: change.to, bytes, exec: false })
          else forTree.push({ do: 'create', path: to, bytes })
          if (base === undefined) forScratch.push({ do: 'remove', from })
          else forTree.push({ do: 'remove', base })
          continue
        }
        if (own === undefined) forScratch.push(change)
        else if (change.do === 'write')
          forTree.push({ do: 'write', base: await versionOf(from, signal), bytes: change.bytes })
        else if (change.do === 'remove') forTree.push({ do: 'remove', base: await versionOf(from, signal) })
        else if (change.do === 'create') forTree.push({ ...change, path: own })
        else if (change.do === 'move') {
          const { id } = await versionOf(from, signal)
          forTree.push({ do: 'move', id, from: own, to: to ?? own })
        } else if (change.do === 'exec') {
          const entry = tree?.at(own)
          if (entry && entry !== 'folder') forTree.push({ do: 'exec', id: entry.id, path: own, exec: change.exec })
        } else forTree.push({ ...change, path: own })
      }
      const refused: Refused[] = []
      if (tree && forTree.length > 0)
        for (const { path, reason } of await tree.commit(forTree, task, signal))
          refused.push({ path: `${root}/${path}`, reason })
      // What is in a folder goes before it.
      const order = forScratch.toSorted((a, b) => Number(a.do === 'rmdir') - Number(b.do === 'rmdir') || deepest(b, a))
      for (const change of order) {
        try {
          await scratched(change)
        } catch (e) {
          if (!isTandemError(e)) throw e
          refused.push({ path: 'from' in change ? change.from : change.path, reason: messageOf(e) })
        }
      }
      versions.clear()
      return refused
    },
  }
}

const deepest = (a: ShellChange, b: ShellChange) =>
  a.do === 'rmdir' && b.do === 'rmdir' ? a.path.length - b.path.length : 0
