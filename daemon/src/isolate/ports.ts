export type FileStat = { readonly kind: 'file' | 'dir'; readonly size: number }

/**
 * Files as a snippet sees them: paths are POSIX, from `/`, without `.` or `..`. What is not there, is a folder where a file
 * was asked for, or may not be touched is a TandemError in words. `writeFile` makes no folders.
 */
export type FileTree = {
  readFile(path: string): Promise<Uint8Array>
  writeFile(path: string, bytes: Uint8Array): Promise<void>
  appendFile(path: string, bytes: Uint8Array): Promise<void>
  unlink(path: string): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<FileStat>
  /** Makes its parents too; a folder that is there already is fine. */
  mkdir(path: string): Promise<void>
  /** Names, sorted. */
  readdir(path: string): Promise<string[]>
  /** An empty folder only. */
  rmdir(path: string): Promise<void>
}

/** A shell that persists between lines: not the machine's own [S218]. Paths are from its folder, or from `/`. */
export type Shell = {
  exec(line: string): Promise<{ stdout: string; stderr: string; exitCode: number }>
  readFile(path: string): Promise<string>
  writeFile(path: string, content: string): Promise<void>
  /** Names, sorted. */
  listFiles(path: string): Promise<string[]>
  getCwd(): string
}
