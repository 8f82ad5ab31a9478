import { lstatSync } from 'node:fs'

/**
 * Which directory this is, wherever it is moved to on its disk; a copy is another. Not the device: that has another
 * number after some restarts. Throws where there is none.
 */
export function folderMark(path: string): string {
  const { ino, birthtimeNs } = lstatSync(path, { bigint: true })
  return `${ino}.${birthtimeNs}`
}
