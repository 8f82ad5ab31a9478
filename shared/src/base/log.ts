export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
const weight: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Structured logging: a fixed phrase and fields, never an interpolated sentence. */
export type Log = {
  readonly [L in LogLevel]: (phrase: string, fields?: Readonly<Record<string, unknown>>) => void
} & {
  /** A log whose every line also carries these fields. */
  with(fields: Readonly<Record<string, unknown>>): Log
}

type LogOptions = {
  level?: LogLevel
  now?: () => number
  /** Receives one JSON line, without its newline. */
  write: (line: string) => void
}

/** A log that writes JSON lines `{at, level, msg, ...fields}`; errors among the fields become their message and code. */
export function createLog({ level = 'info', now = Date.now, write }: LogOptions): Log {
  const logWith = (base: Readonly<Record<string, unknown>>): Log => {
    const at = (l: LogLevel) => (msg: string, fields?: Readonly<Record<string, unknown>>) => {
      if (weight[l] < weight[level]) return
      write(JSON.stringify({ at: new Date(now()).toISOString(), level: l, msg, ...base, ...fields }, plain))
    }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => logWith({ ...base, ...fields }),
    }
  }
  return logWith({})
}

/** For callers that want no log. */
export const silentLog: Log = createLog({ level: 'error', write: () => {} })

const plain = (_key: string, value: unknown): unknown =>
  value instanceof Error
    ? { message: value.message, ...('code' in value ? { code: value.code } : {}), stack: value.stack }
    : typeof value === 'bigint'
      ? String(value)
      : value
