import { accessSync, constants, realpathSync } from 'node:fs'
import { delimiter, isAbsolute, join, sep } from 'node:path'

/**
 * The folders of a PATH in which programs of the machine are looked for: those that lead, links followed, outside the
 * folder served (a real path), which may bring programs of the same names.
 */
export const searchPath = (path: string, workspace: string): string[] =>
  path.split(delimiter).filter((folder) => isAbsolute(folder) && isOutside(workspace, folder))

/** The first program of that name there. One that is a link into the folder served is none. */
export const findIn = (path: readonly string[], name: string, workspace: string): string | undefined =>
  path.map((folder) => join(folder, name)).find((file) => isProgram(file) && isOutside(workspace, file))

/** Whether a path is there, and really is neither the folder nor in it. */
function isOutside(workspace: string, path: string): boolean {
  try {
    return !`${realpathSync(path)}${sep}`.startsWith(workspace + sep)
  } catch {
    return false // not there
  }
}

/** Whether it is there, and to be executed. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false // not there, or not to be executed
  }
}
