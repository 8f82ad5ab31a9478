import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { playgroundFiles } from './playground-files.ts'

/**
 * Makes the sample workspace where there is none yet, and returns its path. What somebody did in an existing one stays
 * as it is: to begin anew, delete the folder.
 */
export function makePlayground(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })) return path
  for (const [name, text] of Object.entries(playgroundFiles)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}
