/** What a line changed, by the paths of the shell; `from` names what was there when it began. */
export type ShellChange =
  | { do: 'write'; from: string; bytes: Uint8Array }
  | { do: 'create'; path: string; bytes: Uint8Array; exec: boolean }
  | { do: 'remove'; from: string }
  | { do: 'move'; from: string; to: string }
  | { do: 'exec'; from: string; exec: boolean }
  | { do: 'mkdir'; path: string }
  | { do: 'rmdir'; path: string }

/** The nine operations: what is no part of the project is kept by them. Paths are POSIX, from `/`. */
export type ScratchFiles = {
  readFile(path: string): Promise<Uint8Array>
  writeFile(path: string, bytes: Uint8Array): Promise<void>
  unlink(path: string): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<{ readonly kind: 'file' | 'dir'; readonly size: number }>
  mkdir(path: string): Promise<void>
  readdir(path: string): Promise<string[]>
  rmdir(path: string): Promise<void>
}

/** Runs what the shell cannot: a real program behind the sandbox's walls, in `cwd` below the workspace. Never rejects: why not is said on stderr. */
export type RunTask = (
  argv: readonly [string, ...string[]],
  cwd: string,
  /** `env`: what the line has exported. Aborts with the line. */
  given: { env: Readonly<Record<string, string>>; signal: AbortSignal },
) => Promise<{ stdout: string; stderr: string; exitCode: number }>
