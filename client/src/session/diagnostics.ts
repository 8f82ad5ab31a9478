import { createLog, type Log } from '@tandem/shared'

const kept = 200
const lines: string[] = []

/** The client's log: its last lines stay in memory, for "Copy diagnostics" in the connection popover. */
export const log: Log = createLog({
  level: 'debug',
  write: (line) => {
    lines.push(line)
    if (lines.length > kept) lines.shift()
  },
})

export const diagnostics = (): string => lines.join('\n')
