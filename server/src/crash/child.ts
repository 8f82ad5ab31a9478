import { fork } from 'node:child_process'
import { once } from 'node:events'

/** The server as it is started for the crash proof. */
export type ChildOptions = {
  dataDir: string
  /** The owner's API key. */
  key: string
  settings: Readonly<Record<string, string | number>>
  /** Its clock goes ahead by so many days, so that what a server tidies after days is tidied here too. */
  daysAhead: number
}

export type Child = {
  /** Resolves when it serves; undefined where it was killed before. Rejects when it ends by itself. */
  ready: Promise<{ url: string; workspaceId: string } | undefined>
  /** Why it ended without being killed. */
  failure(): string | undefined
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
}

const main = new URL('../main.ts', import.meta.url)

/** A real server in a process of its own, on any port. */
export function startChild({ dataDir, key, settings, daysAhead }: ChildOptions): Child {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`TANDEM_${name}`, String(value)]))
  const clock = `const now = Date.now; Date.now = () => now() + ${daysAhead * 86_400_000}`
  const child = fork(main, {
    env: { ...env, TANDEM_DATA: dataDir, TANDEM_OWNER_KEY: key, TANDEM_PORT: '0', TANDEM_LOG_LEVEL: 'error' },
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(clock)}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  let killed = false
  let failure: string | undefined
  const gone = once(child, 'close').then(([code]) => {
    if (!killed) failure = `the server ended by itself with ${String(code)}:\n${said}`
  })
  const news = once(child, 'message').then(([message]) => message as { t: string; url: string; workspaceId: string })
  const ready = Promise.race([news, gone]).then((first) => {
    if (first?.t === 'ready') return { url: first.url, workspaceId: first.workspaceId }
    if (killed) return undefined
    throw new Error(failure ?? `the server did not start: ${JSON.stringify(first)}\n${said}`)
  })
  // Whoever kills it while it starts does not wait for it.
  ready.catch(() => {})
  return {
    ready,
    failure: () => failure,
    kill: async () => {
      killed = true
      child.kill('SIGKILL')
      await gone
    },
  }
}
