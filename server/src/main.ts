import { TandemError, createLog, errorTable, isTandemError, messageOf, readSettings } from '@tandem/shared'
import { startServer } from './server.ts'

/**
 * The server as a child program of `tandem`: settings come from the environment, news goes over the IPC channel, log
 * lines to stderr. Ends cleanly on SIGTERM, SIGINT and when its parent goes away.
 */
async function main(): Promise<void> {
  const env = process.env
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new TandemError('config-invalid', { reason: `${name} is not set` })
    return value
  }
  const stop = new AbortController()
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => stop.abort())
  const settings = readSettings({ env })
  const log = createLog({ level: settings.logLevel, write: (line) => process.stderr.write(`${line}\n`) }).with({
    program: 'server',
  })
  // Hocuspocus prints; our lines are JSON.
  const printed = (...words: unknown[]) =>
    log.warn('printed', { words: words.map((w) => (w instanceof Error ? (w.stack ?? w.message) : w)) })
  Object.assign(console, { log: printed, warn: printed, error: printed })
  const clientDir = env['TANDEM_CLIENT_DIR']
  const server = await startServer(
    {
      settings,
      dataDir: required('TANDEM_DATA'),
      ...(clientDir && { clientDir }),
      ownerKey: required('TANDEM_OWNER_KEY'),
      workspaceName: env['TANDEM_NAME'] ?? 'workspace',
      log,
    },
    stop.signal,
  )
  process.send?.({
    t: 'ready',
    port: server.port,
    url: server.url,
    publicUrl: server.publicUrl,
    workspaceId: server.workspaceId,
  })
  await server.closed
}

try {
  await main()
  process.exit(0)
} catch (e) {
  const code = isTandemError(e) ? e.code : 'internal'
  const news = { t: 'failed', code, message: messageOf(e), hint: errorTable[code].hint }
  process.stderr.write(
    `${JSON.stringify({ level: 'error', msg: 'server failed', ...news, stack: code === 'internal' && e instanceof Error ? e.stack : undefined })}\n`,
  )
  if (process.send) process.send(news, undefined, undefined, () => process.exit(1))
  else process.exit(1)
}
