import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, plainText } from '@tandem/shared'
import { z } from 'zod'

const maxBytes = 5 * 2 ** 20

/**
 * A log file in the data folder; one older one is kept beside it. Never throws: on a disk that fails lines are lost,
 * which is told once, and again when it fails anew.
 */
export function openLogFile(
  dataDir: string,
  name: string,
  onTrouble: (sentence: string) => void,
): { path: string; append(line: string): void } {
  const folder = join(dataDir, 'log')
  const path = join(folder, `${name}.log`)
  let bytes: number | undefined
  let isLosing = false
  return {
    path,
    append: (line) => {
      try {
        if (bytes === undefined) {
          mkdirSync(folder, { recursive: true, mode: 0o700 })
          bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
        }
        if (bytes > maxBytes) {
          renameSync(path, `${path}.1`)
          bytes = 0
        }
        appendFileSync(path, line + '\n', { mode: 0o600 })
        bytes += line.length + 1
        isLosing = false
      } catch (e) {
        if (!isLosing) onTrouble(`The log of the ${name} cannot be written: ${messageOf(e)}.`)
        isLosing = true
      }
    },
  }
}

const Line = z.object({
  level: z.enum(['debug', 'info', 'warn', 'error']),
  msg: z.string(),
  reason: z.string().optional(),
})

/**
 * A line of a child's log as a person wants to read it: nothing but warnings and errors, in words. It may quote what
 * others wrote, so nothing in it acts on the terminal.
 */
export function forPeople(name: string, line: string): string | undefined {
  const parsed = parse(line)
  if (!parsed) return plainText(`${name}: ${line}`) // not ours: what Node says of a crash, and worth reading
  const { level, msg, reason } = parsed
  if (level !== 'error' && level !== 'warn') return undefined
  return plainText(`${name}: ${msg}${reason ? ` (${reason})` : ''}`)
}

function parse(line: string): z.infer<typeof Line> | undefined {
  try {
    return Line.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
