/** What the harness has of the world outside: words alone cross, never objects. */
export type Outside = {
  /** Answers the text of JSON; rejects with the text of what went wrong. */
  call(binding: string, method: string, args: string): Promise<string>
  log(level: string, text: string): void
  /** Resolves after so many ms, where the engine has no timers of its own. */
  wait?(ms: number): Promise<void>
}

/** What `describe` makes of anything that was thrown. */
export type Thrown = { name: string; message: string; stack: string }

type Run = (...args: unknown[]) => unknown

/**
 * Made inside whatever runs the code, before any of it [S157]: the `console` and the `env` that it gets, made of
 * calls outside. It refers to nothing but itself, for its text is what is handed in; and it keeps the intrinsics that it
 * needs, for the code may change them.
 */
export function harness(outside: Outside, methods: Readonly<Record<string, readonly string[]>>) {
  const { stringify, parse } = JSON
  const { freeze, fromEntries, entries } = Object
  const { call, log, wait } = outside
  const maxText = 16_384
  const live = new Set<number>()
  let timers = 0

  const shown = (value: unknown): string => {
    try {
      if (typeof value === 'string') return value
      if (typeof value === 'function') return '[function]'
      if (value instanceof Error) {
        const { name, message, stack } = described(value)
        return stack.startsWith(name) ? stack : `${name}: ${message}\n${stack}`
      }
      return stringify(value) ?? String(value)
    } catch {
      return '[cannot be shown]'
    }
  }
  const described = (value: unknown): Thrown => {
    const thrown = { name: '', message: '', stack: '' }
    try {
      if (typeof value !== 'object' || value === null) return { ...thrown, message: `${shown(value)}` }
      const { name, message, stack } = value as Record<string, unknown>
      thrown.name = typeof name === 'string' ? name.slice(0, 100) : ''
      thrown.message = typeof message === 'string' ? message.slice(0, 2_000) : shown(value).slice(0, 2_000)
      thrown.stack = typeof stack === 'string' ? stack.slice(0, 4_000) : ''
    } catch {
      thrown.message ||= 'what it threw cannot be read'
    }
    return thrown
  }
  const levels = ['log', 'info', 'warn', 'error', 'debug']
  const say = (level: string, values: unknown[]) => {
    let text = ''
    for (let i = 0; i < values.length && text.length < maxText; i++) text += (i > 0 ? ' ' : '') + shown(values[i])
    log(level, text.slice(0, maxText))
  }
  const method = (binding: string, name: string) =>
    async function (...args: unknown[]): Promise<unknown> {
      let answer: string
      try {
        answer = await call(binding, name, stringify(args))
      } catch (e) {
        throw new Error(typeof e === 'string' ? e : described(e).message)
      }
      return parse(answer)
    }
  const env = freeze(
    fromEntries(
      entries(methods).map(([binding, names]) => [
        binding,
        freeze(fromEntries(names.map((name) => [name, freeze(method(binding, name))]))),
      ]),
    ),
  )
  const timed = wait && {
    setTimeout: (run: unknown, ms?: unknown, ...args: unknown[]) => {
      const id = ++timers
      live.add(id)
      void wait(Number(ms) || 0).then(() => {
        try {
          if (live.delete(id) && typeof run === 'function') (run as Run)(...args)
        } catch (e) {
          say('error', ['Uncaught', e])
        }
      })
      return id
    },
    clearTimeout: (id: unknown) => void live.delete(id as number),
  }
  return {
    timers: timed,
    console: freeze(fromEntries(levels.map((level) => [level, (...values: unknown[]) => say(level, values)]))),
    env,
    /** The result as the text of JSON, or `!` and its length where that is too much. What runs in making it runs here, under its limits. */
    toText: (value: unknown, max: number): string => {
      const text = stringify(value) ?? 'null'
      return text.length > max ? `!${text.length}` : text
    },
    describe: (value: unknown): string => stringify(described(value)),
  }
}
