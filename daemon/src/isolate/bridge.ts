import { TandemError } from '@tandem/shared'
import type { FileTree } from './ports.ts'

/** Where a snippet finds the project. */
export const projectRoot = '/workspace'

/** One tree of two [S225]: the project below `/workspace`, opened when it is first asked for, and scratch files everywhere else. */
export function bridge(scratch: FileTree, project: (() => Promise<FileTree>) | undefined): FileTree {
  const at = async <T>(path: string, use: (tree: FileTree, path: string) => Promise<T>): Promise<T> => {
    if (path !== projectRoot && !path.startsWith(`${projectRoot}/`)) return use(scratch, path)
    if (project) return use(await project(), path.slice(projectRoot.length) || '/')
    throw new TandemError('not-found', { reason: 'the files of the project are not to be had here', path })
  }
  return {
    readFile: async (path) => at(path, (tree, own) => tree.readFile(own)),
    writeFile: async (path, bytes) => at(path, (tree, own) => tree.writeFile(own, bytes)),
    appendFile: async (path, bytes) => at(path, (tree, own) => tree.appendFile(own, bytes)),
    unlink: async (path) => at(path, (tree, own) => tree.unlink(own)),
    exists: async (path) => at(path, (tree, own) => tree.exists(own)),
    stat: async (path) => at(path, (tree, own) => tree.stat(own)),
    mkdir: async (path) => at(path, (tree, own) => tree.mkdir(own)),
    readdir: async (path) => {
      const names = await at(path, (tree, own) => tree.readdir(own))
      return path === '/' && project ? [...names, projectRoot.slice(1)].toSorted() : names
    },
    rmdir: async (path) => at(path, (tree, own) => tree.rmdir(own)),
  }
}
