import type { ConsoleLevel, ExecutionResult } from '@tandem/shared'
import type { Job } from './execute.ts'

/** So much of what is written is in the result too, characters. */
const maxKept = 64 * 1024
/** More than this is not written to the task's log either. */
const maxLogged = 16 * 2 ** 20
const toErrors: ReadonlySet<ConsoleLevel> = new Set(['warn', 'error'])

/** What code writes: to the task's output as it comes [S149], and as much of it as is bounded for the result. */
export function createConsole(onOutput: Job['onOutput']) {
  const logs: ExecutionResult['logs'] = []
  let [output, logged, isCut] = ['', 0, false]
  const keep = (text: string): boolean => {
    isCut ||= output.length + text.length > maxKept
    if (!isCut) output += text
    return !isCut
  }
  return {
    /** A line of the console: its level is said where it is not the ordinary one. */
    log: (level: ConsoleLevel, text: string): void | Promise<void> => {
      const line = `${level === 'log' ? '' : `${level}: `}${text}\n`
      if (keep(line)) logs.push({ level, text })
      if (logged > maxLogged) return undefined
      logged += line.length
      const over = logged > maxLogged ? '… what it writes from here on is left out …\n' : ''
      return onOutput(toErrors.has(level) ? 'stderr' : 'stdout', Buffer.from(line + over))
    },
    /** What it writes past the console. */
    raw: (stream: 'stdout' | 'stderr', bytes: Uint8Array): void | Promise<void> => {
      keep(Buffer.from(bytes).toString())
      return onOutput(stream, bytes)
    },
    all: (): Pick<ExecutionResult, 'output' | 'logs' | 'truncated'> => ({
      output,
      logs,
      ...(isCut && { truncated: true }),
    }),
  }
}
