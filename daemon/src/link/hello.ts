import { FromDaemon, parseMessage, ToDaemon, wait, type Clock, type Log } from '@tandem/shared'
import type { Attached } from './documents.ts'

/** What daemon and server say to each other over the daemon's own document, beside its content. */
export type Channel = {
  send(message: FromDaemon): void
  onMessage(call: (message: ToDaemon) => void): () => void
}

/** Messages parsed on arrival; what does not parse is logged and dropped. */
export function openChannel(attached: Attached, log: Log): Channel {
  return {
    send: (message) => attached.send(JSON.stringify(message)),
    onMessage: (call) =>
      attached.onMessage((payload) => {
        const parsed = parseMessage(ToDaemon, payload)
        if ('message' in parsed) call(parsed.message)
        else log.warn('message not understood', { issues: parsed.issues })
      }),
  }
}

type HelloOptions = { attached: Attached; channel: Channel; hello: () => FromDaemon; everyMs: number; clock: Clock }

/** Calls each time the connection is there (again); returns what ends it. */
export function onReturn(attached: Attached, call: () => void): () => void {
  let was = false
  const look = () => {
    const is = attached.isSynced()
    if (is && !was) call()
    was = is
  }
  const stop = attached.onState(look)
  look()
  return stop
}

/** Says hello first thing on every connection, and then every `everyMs`: it is what keeps leases alive [S58]. */
export async function keepSayingHello(
  { attached, channel, hello, everyMs, clock }: HelloOptions,
  signal: AbortSignal,
): Promise<void> {
  const stop = onReturn(attached, () => channel.send(hello()))
  try {
    while (!signal.aborted) {
      await wait(clock, everyMs, signal).catch(() => {})
      if (!signal.aborted && attached.isSynced()) channel.send(hello())
    }
  } finally {
    stop()
  }
}
