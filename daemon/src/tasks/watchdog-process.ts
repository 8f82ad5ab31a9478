// The watchdog as a process of its own. It hears its daemon over stdin, line by line; when that falls silent for good, it
// ends all that is left of it, and itself. Of what it imports nothing is large: it costs a few milliseconds to start.
import { createInterface } from 'node:readline'
import { machineTime } from './machine-time.ts'
import { createWatched } from './watched.ts'
import type { ToWatchdog } from './watchdog.ts'

/** No timer is trusted for longer: it stands still while the machine sleeps. */
const lookAtLeastEveryMs = 500

const watched = createWatched((pid) => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Its whole group has ended, which is what was wanted.
  }
})
let timer: NodeJS.Timeout | undefined
const look = () => {
  clearTimeout(timer)
  const inMs = watched.look(machineTime())
  if (inMs !== Infinity) timer = setTimeout(look, Math.min(inMs + 1, lookAtLeastEveryMs))
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    // From our own daemon alone: nobody else holds the other end.
    const message = JSON.parse(line) as ToWatchdog
    if ('watch' in message) watched.add(message.watch, message.endsAt)
    else if ('release' in message) watched.remove(message.release)
    else watched.putOff(message.putOff)
    look()
  })
  .once('close', () => {
    watched.endAll()
    process.exit(0)
  })
