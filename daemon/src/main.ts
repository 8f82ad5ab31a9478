import { flushCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createLog, errorTable, isTandemError, messageOf } from '@tandem/shared'
import { readConfig } from './config.ts'
import { startDaemon } from './daemon.ts'

/**
 * The daemon as a child program of `tandem`: settings come from the environment, news goes over the IPC channel, log
 * lines to stderr. Ends cleanly on SIGTERM, SIGINT and when its parent goes away; on SIGUSR2 it begins no more tasks.
 */
async function main(): Promise<void> {
  const stop = new AbortController()
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const)
    process.once(event, () => stop.abort(new Error(event)))
  const drain = new AbortController()
  process.once('SIGUSR2', () => drain.abort())
  const config = readConfig(process.env)
  const log = createLog({ level: config.settings.logLevel, write: (line) => process.stderr.write(`${line}\n`) }).with({
    program: 'daemon',
  })
  drain.signal.addEventListener('abort', () => log.info('drains: no more tasks are begun'), { once: true })
  let last = ''
  const daemon = await startDaemon(
    {
      ...config,
      log,
      environment: process.env,
      drain: drain.signal,
      onProgress: ({ phase, done, total, bytes }) => {
        const news = { t: 'progress', phase, done, total, bytes }
        if (JSON.stringify(news) === last) return
        last = JSON.stringify(news)
        tell(news)
      },
    },
    stop.signal,
  )
  void daemon.connected.then(() => tell({ t: 'connected', daemonId: daemon.daemonId })).catch(() => {})
  const onReady = () => {
    tell({ t: 'ready' })
    setTimeout(tidy, idleMs).unref()
  }
  void daemon.ready.then(onReady).catch(() => {})
  await daemon.closed
}

/** Once the first mirror is done and the daemon idles. */
const idleMs = 2_000

/**
 * V8 does not tidy up while idle: what sharing 10,000 files left behind (some 200 MB) would stay for good. And should
 * this process be killed, the next one starts from what was compiled all the same.
 */
function tidy(): void {
  flushCompileCache()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

/** To the supervisor, where there is one. */
function tell(news: unknown): void {
  if (process.connected) process.send?.(news)
}

try {
  await main()
  process.exit(0)
} catch (e) {
  const code = isTandemError(e) ? e.code : 'internal'
  const news = { t: 'failed', code, message: messageOf(e), hint: errorTable[code].hint }
  const stack = code === 'internal' && e instanceof Error ? e.stack : undefined
  process.stderr.write(`${JSON.stringify({ level: 'error', msg: 'daemon failed', ...news, stack })}\n`)
  if (process.send && process.connected) process.send(news, undefined, undefined, () => process.exit(1))
  else process.exit(1)
}
