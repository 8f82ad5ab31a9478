import { parentPort, workerData } from 'node:worker_threads'
import { startWatching, type ToWatching, type WatchingData } from './watching.ts'

// The thread that watches: however busy the daemon is, no event is lost for it.

const port = parentPort
if (!port) throw new Error('to be started as a thread')
const send = startWatching(workerData as WatchingData, (message) => port.postMessage(message))
port.on('message', (message: ToWatching) => void take(message))

async function take(message: ToWatching) {
  const go = await send
  await go(message)
  // Ends this thread alone, whatever the watcher left behind.
  if (message.t === 'close') process.exit()
}
