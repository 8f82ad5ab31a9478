import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const maxBytes = 5 * 2 ** 20

/** A log file in the data folder; one older one is kept beside it. */
export function openLogFile(dataDir: string, name: string): { path: string; append(line: string): void } {
  const folder = join(dataDir, 'log')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${name}.log`)
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return {
    path,
    append: (line) => {
      if (bytes > maxBytes) {
        renameSync(path, `${path}.1`)
        bytes = 0
      }
      appendFileSync(path, line + '\n', { mode: 0o600 })
      bytes += line.length + 1
    },
  }
}

const Line = z.object({
  level: z.enum(['debug', 'info', 'warn', 'error']),
  msg: z.string(),
  reason: z.string().optional(),
})

/** A line of a child's log as a person wants to read it: nothing but warnings and errors, in words. */
export function forPeople(name: string, line: string): string | undefined {
  let parsed
  try {
    parsed = Line.safeParse(JSON.parse(line))
  } catch {
    return `${name}: ${line}` // not ours: what Node says of a crash, and worth reading
  }
  if (!parsed.success) return `${name}: ${line}`
  const { level, msg, reason } = parsed.data
  return level === 'error' || level === 'warn' ? `${name}: ${msg}${reason ? ` (${reason})` : ''}` : undefined
}
