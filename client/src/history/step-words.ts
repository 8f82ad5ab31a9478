import type { FileChange, Step } from '@tandem/shared'
import { nameOf, parentOf, visibleText } from '@tandem/shared'

const past: Record<FileChange['change'], string> = {
  created: 'created',
  edited: 'edited',
  moved: 'moved',
  deleted: 'deleted',
  restored: 'brought back',
}

/** "edited src/a.ts", "created 3 files", "changed 12 files". */
export function stepWords({ files, more, author }: Pick<Step, 'files' | 'more' | 'author'>): string {
  const count = files.length + more
  const [file] = files
  const isRestore = author.cause?.restoredFrom !== undefined
  if (!file) return count === 0 ? 'changed no file’s text' : `changed ${countFiles(count)}`
  if (count === 1) return `${isRestore && file.change === 'edited' ? 'restored' : past[file.change]} ${fileWords(file)}`
  const isAlike = more === 0 && files.every((f) => f.change === file.change)
  return `${isRestore ? 'restored' : isAlike ? past[file.change] : 'changed'} ${countFiles(count)}`
}

/** A file's path with nothing unseen in it; of a move also where to. */
export function fileWords({ path, from, change }: FileChange): string {
  if (change !== 'moved' || from === undefined) return visibleText(path)
  const isRename = parentOf(from) === parentOf(path)
  return `${visibleText(from)} to ${visibleText(isRename ? nameOf(path) : path)}`
}

/** "1 file", "3 files". */
export const countFiles = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}`
