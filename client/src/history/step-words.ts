import type { FileChange, Step } from '@tandem/shared'
import { nameOf, parentOf, visibleText } from '@tandem/shared'

const past: Record<FileChange['change'], string> = {
  created: 'created',
  edited: 'edited',
  moved: 'moved',
  deleted: 'deleted',
  restored: 'brought back',
}

/** "edited src/a.ts", "created 3 files", "restored 12 files from version 56". */
export function stepWords({ files, more, author }: Pick<Step, 'files' | 'more' | 'author'>): string {
  const count = files.length + more
  const [file] = files
  const from = author.cause?.restoredFrom
  if (count === 0) return 'changed no file’s text'
  const isAlike = more === 0 && files.every((f) => f.change === file?.change)
  const verb = isAlike && file && (from === undefined || file.change !== 'edited') ? past[file.change] : undefined
  const what = file && count === 1 ? fileWords(file) : countFiles(count)
  if (from === undefined) return `${verb ?? 'changed'} ${what}`
  return `${(count === 1 ? verb : undefined) ?? 'restored'} ${what} from version ${from.toLocaleString('en')}`
}

/** A file's path with nothing unseen in it; of a move also where to. */
export function fileWords({ path, from, change }: FileChange): string {
  if (change !== 'moved' || from === undefined) return visibleText(path)
  const isRename = parentOf(from) === parentOf(path)
  return `${visibleText(from)} to ${visibleText(isRename ? nameOf(path) : path)}`
}

/** "1 file", "3 files". */
export const countFiles = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}`
