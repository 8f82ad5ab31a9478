import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from '../pause.ts'

/** The files of a folder by path, with their sizes. */
export type Tree = ReadonlyMap<string, number>

/** Files in a directory, as the folders of a real project have them. */
const perDirectory = 12.5

/** Writes sources of some 2.4 KB each, with some twelve in a directory; `more` is added at the end of each. */
export function writeTree(folder: string, files: number, more = ''): Tree {
  const line = 'const answer = 42 // one of many lines\n'
  const directories = Math.max(1, Math.round(files / perDirectory))
  const tree = new Map<string, number>()
  for (let i = 0; i < directories; i++) mkdirSync(join(folder, dirOf(i)), { recursive: true })
  for (let i = 0; i < files; i++) {
    const path = `${dirOf(i % directories)}/file-${i}.ts`
    const text = `// file ${i}\n${line.repeat(10 + (i % 100))}${more}`
    writeFileSync(join(folder, path), text)
    tree.set(path, text.length)
  }
  return tree
}

const dirOf = (i: number): string => `src/part-${i % 40}/unit-${i}`

/**
 * Resolves once `folder` holds each file of the tree in its size, with the moment (`performance.now()`); undefined where
 * that takes too long. It looks at one missing file at a time, so that looking costs little.
 */
export async function holdsTree(folder: string, tree: Tree, limitMs: number): Promise<number | undefined> {
  const until = performance.now() + limitMs
  for (const [path, size] of tree) {
    while (sizeOf(join(folder, path)) !== size) {
      if (performance.now() > until) return undefined
      await pause(10)
    }
  }
  return performance.now()
}

export const sizeOf = (file: string): number | undefined => lstatSync(file, { throwIfNoEntry: false })?.size
