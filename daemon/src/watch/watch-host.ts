import { Worker } from 'node:worker_threads'
import { startWatching, type FromWatching, type ToWatching, type WatchingData } from './watching.ts'

/** Where a watcher runs: ended by itself, by force or by an error, it says so once. */
export type Host = { send(message: ToWatching): void; kill(): void }

type HostOptions = { onMessage: (message: FromWatching) => void; onEnd: (reason: string) => void }

export type StartHost = (data: WatchingData, options: HostOptions) => Host

/** In a thread of its own. */
export const startThread: StartHost = (workerData, { onMessage, onEnd }) => {
  const thread = new Worker(new URL('./watch-thread.ts', import.meta.url), { workerData, name: 'watch' })
  let reason = 'it ended by itself'
  thread.on('message', onMessage)
  thread.once('error', (e) => (reason = e instanceof Error ? e.message : String(e)))
  thread.once('exit', () => onEnd(reason))
  return { send: (message) => thread.postMessage(message), kill: () => void thread.terminate() }
}

/**
 * In the daemon's own thread, for @parcel/watcher: a process can load it but once (2.6.0: "Module did not self-register"),
 * so that no second thread could ever take the place of one that died. It waits for events in a thread of its own anyway.
 */
export const startHere: StartHost = (data, { onMessage, onEnd }) => {
  let hasEnded = false
  const end = (reason: string) => {
    if (hasEnded) return
    hasEnded = true
    onEnd(reason)
  }
  const later = (call: () => void) => setImmediate(() => hasEnded || call())
  const sending = startWatching(data, (message) => later(() => onMessage(message)))
  const send = (message: ToWatching) =>
    sending.then(
      (it) => it(message),
      (e: unknown) => end(e instanceof Error ? e.message : String(e)),
    )
  return {
    send: (message) => void send(message).then(() => message.t === 'close' && end('')),
    kill: () => {
      end('it was ended')
      void sending.then(
        (it) => it({ t: 'close' }),
        () => {},
      )
    },
  }
}
